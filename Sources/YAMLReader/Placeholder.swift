// Placeholder: the target's first source file replaces it.
