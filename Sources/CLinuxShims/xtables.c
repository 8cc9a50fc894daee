#include "CLinuxShims.h"
#include <errno.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(IPT_SO_GET_INFO == IP6T_SO_GET_INFO && IPT_SO_GET_ENTRIES == IP6T_SO_GET_ENTRIES, "one number for both");
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one shape for both");
_Static_assert(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries), "one shape for both");

static int ask(int fd, int family, int option, void *answer, socklen_t size) {
    return getsockopt(fd, family == 4 ? IPPROTO_IP : IPPROTO_IPV6, option, answer, &size) < 0 ? -errno : 0;
}

static int open_for(int family) {
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int ipop_xtables_shape(int family, const char *table, struct ipop_xtables *shape) {
    struct ipt_getinfo info = {0};
    if (strlen(table) >= sizeof info.name) return -ENAMETOOLONG;
    strcpy(info.name, table);
    int fd = open_for(family);
    if (fd < 0) return fd;
    int error = ask(fd, family, IPT_SO_GET_INFO, &info, sizeof info);
    close(fd);
    if (error) return error;
    memcpy(shape->first, info.hook_entry, sizeof shape->first);
    memcpy(shape->policy, info.underflow, sizeof shape->policy);
    shape->hooks = info.valid_hooks;
    shape->byte_count = info.size;
    return 0;
}

int ipop_xtables_read(int family, const char *table, void *bytes, size_t count) {
    struct ipt_get_entries *question = bytes;
    if (count < sizeof *question || strlen(table) >= sizeof question->name) return -EINVAL;
    memset(question, 0, sizeof *question);
    strcpy(question->name, table);
    question->size = (unsigned)(count - sizeof *question);
    int fd = open_for(family);
    if (fd < 0) return fd;
    int error = ask(fd, family, IPT_SO_GET_ENTRIES, bytes, (socklen_t)count);
    close(fd);
    return error;
}

size_t ipop_xtables_head(void) { return sizeof(struct ipt_get_entries); }

static void copy_names(struct ipop_xtables_rule *rule, const char *in, const unsigned char *in_mask, const char *out,
                       const unsigned char *out_mask) {
    memcpy(rule->input, in, IFNAMSIZ);
    memcpy(rule->output, out, IFNAMSIZ);
    // The mask is a row of set bytes: a whole name with its zero, or the beginning of names.
    while (rule->input_count < IFNAMSIZ && in_mask[rule->input_count]) rule->input_count++;
    while (rule->output_count < IFNAMSIZ && out_mask[rule->output_count]) rule->output_count++;
}

// Matches stand between the entry's head and its target; each begins with its size and its name.
static void look_at_matches(struct ipop_xtables_rule *rule, const uint8_t *entry, size_t from, size_t to) {
    while (from + sizeof(struct xt_entry_match) <= to) {
        const struct xt_entry_match *match = (const void *)(entry + from);
        if (match->u.match_size < sizeof *match) break;
        if (strncmp(match->u.user.name, "comment", sizeof match->u.user.name)) rule->has_matches = 1;
        from += match->u.match_size;
    }
}

static void look_at_target(struct ipop_xtables_rule *rule, const uint8_t *entry, size_t at) {
    const struct xt_entry_target *target = (const void *)(entry + at);
    memcpy(rule->target, target->u.user.name, XT_EXTENSION_MAXNAMELEN);
    if (!*rule->target) rule->verdict = ((const struct xt_standard_target *)target)->verdict;
    // The error target at the head of a user's chain carries its name.
    if (!strcmp(rule->target, XT_ERROR_TARGET)) {
        memcpy(rule->chain, ((const struct xt_error_target *)target)->errorname, XT_FUNCTION_MAXNAMELEN);
    }
}

int ipop_xtables_rule(int family, const void *entries, size_t count, size_t offset, struct ipop_xtables_rule *rule) {
    const uint8_t *start = (const uint8_t *)entries + offset;
    size_t head = family == 4 ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
    memset(rule, 0, sizeof *rule);
    if (offset + head > count) return -EINVAL;
    size_t target;
    if (family == 4) {
        const struct ipt_entry *entry = (const void *)start;
        copy_names(rule, entry->ip.iniface, entry->ip.iniface_mask, entry->ip.outiface, entry->ip.outiface_mask);
        memcpy(rule->source, &entry->ip.src, 4);
        memcpy(rule->source_mask, &entry->ip.smsk, 4);
        memcpy(rule->destination, &entry->ip.dst, 4);
        memcpy(rule->destination_mask, &entry->ip.dmsk, 4);
        rule->protocol = entry->ip.proto;
        rule->inverted = entry->ip.invflags;
        rule->is_goto = !!(entry->ip.flags & IPT_F_GOTO);
        rule->has_matches = !!(entry->ip.flags & IPT_F_FRAG);
        rule->byte_count = entry->next_offset;
        target = entry->target_offset;
    } else {
        const struct ip6t_entry *entry = (const void *)start;
        copy_names(rule, entry->ipv6.iniface, entry->ipv6.iniface_mask, entry->ipv6.outiface,
                   entry->ipv6.outiface_mask);
        memcpy(rule->source, &entry->ipv6.src, 16);
        memcpy(rule->source_mask, &entry->ipv6.smsk, 16);
        memcpy(rule->destination, &entry->ipv6.dst, 16);
        memcpy(rule->destination_mask, &entry->ipv6.dmsk, 16);
        rule->protocol = entry->ipv6.proto;
        rule->inverted = entry->ipv6.invflags;
        rule->is_goto = !!(entry->ipv6.flags & IP6T_F_GOTO);
        rule->byte_count = entry->next_offset;
        target = entry->target_offset;
    }
    if (rule->byte_count < head || offset + rule->byte_count > count) return -EINVAL;
    if (target < head || target + sizeof(struct xt_entry_target) > rule->byte_count) return -EINVAL;
    look_at_matches(rule, start, head, target);
    look_at_target(rule, start, target);
    return 0;
}
