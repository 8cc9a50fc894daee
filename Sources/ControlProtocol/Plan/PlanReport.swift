/// What `ipop reload` would change: the payload of a reply to `plan`, and the document of `ipop plan --json`.
package struct PlanReport: Equatable, Sendable {
    /// Whether a daemon runs; without one the plan is what its start would bring, as far as the files tell.
    package var isRunning: Bool
    package var grid: String
    package var site: String
    /// One sentence a change: what `ipop reload` will print.
    package var changes: [String]
    /// What is set and takes effect at the next restart only.
    package var restarts: [String]
    /// Warnings of the files, one a line.
    package var warnings: [String]
    /// Every own export, of now or then.
    package let exports: [PlannedExport]
    package var routes: [PlannedRoute]
    /// What else changes in the kernel, as the iproute2 command that would do it, in order.
    package var commands: [String]
    /// What stands against it: of the exports first.
    package let problems: [Problem]

    package init(
        isRunning: Bool, grid: String, site: String, changes: [String] = [], restarts: [String] = [],
        warnings: [String] = [], exports: [PlannedExport] = [], routes: [PlannedRoute] = [], commands: [String] = [],
        otherProblems: [Problem] = []
    ) {
        self.isRunning = isRunning
        self.grid = grid
        self.site = site
        self.changes = changes
        self.restarts = restarts
        self.warnings = warnings
        self.exports = exports
        self.routes = routes
        self.commands = commands
        problems = exports.compactMap(\.problem) + otherProblems
    }

    /// A reload would change nothing.
    package var isEmpty: Bool { changes.isEmpty && routes.isEmpty && commands.isEmpty }

    /// How `ipop plan` ends.
    package var exit: ProgramExit {
        guard isRunning else { return .daemonNotRunning }
        return problems.contains(where: \.code.degrades) ? .degraded : .healthy
    }

    /// Schema 1. Every key is there, `null` when unknown.
    package var json: JSONValue {
        [
            "schema": 1, "running": JSONValue(isRunning), "grid": .string(grid), "site": .string(site),
            "changes": .texts(changes), "restarts": .texts(restarts), "warnings": .texts(warnings),
            "exports": .list(exports, \.json), "routes": .list(routes, \.json), "commands": .texts(commands),
            "problems": .list(problems, \.json),
        ]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "plan")
        isRunning = try shape.truth("running")
        grid = try shape.text("grid")
        site = try shape.text("site")
        changes = try shape.parsedList("changes")
        restarts = try shape.parsedList("restarts")
        warnings = try shape.parsedList("warnings")
        exports = try shape.list("exports", PlannedExport.init(json:))
        routes = try shape.list("routes", PlannedRoute.init(json:))
        commands = try shape.parsedList("commands")
        problems = try shape.list("problems", Problem.init(json:))
    }
}
