"""The stories: each takes the world, does something to it, and says what must be so then.

What a story is for stands in its first line. A story that is new needs a fault in ../faults.ts that makes it fail.
"""

from .checking import check
from .commands import command
from .deploying import removal, two_stages, upgrade
from .holds import copied, desired_capacity, kill_switch, overlapping, packet_loss, stopped
from .inputs import bad_input, dry_run
from .launches import launches, many_groups
from .newcomers import newcomers
from .resizing import real_fleets, resize
from .signals import duplicates, silent_table
from .telling import told

ALL = {
    "packet-loss": packet_loss,
    "launches": launches,
    "many-groups": many_groups,
    "resize": resize,
    "real-fleets": real_fleets,
    "newcomers": newcomers,
    "dry-run": dry_run,
    "stopped": stopped,
    "kill-switch": kill_switch,
    "overlapping": overlapping,
    "desired-capacity": desired_capacity,
    "copied": copied,
    "duplicates": duplicates,
    "bad-input": bad_input,
    "silent-table": silent_table,
    "two-stages": two_stages,
    "told": told,
    "command": command,
    "check": check,
    "upgrade": upgrade,
    "removal": removal,
}
#: `upgrade` needs an earlier release, which --from names; after `removal` the stage is new.
OF_ONE_RELEASE = [name for name in ALL if name != "upgrade"]
