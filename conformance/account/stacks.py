"""CloudFormation: what a template says to retain is retained, and what moto cannot update stays as it is."""

import moto.cloudformation.parsing as parsing

_delete = parsing.ResourceMap._delete_resource
_update = parsing.parse_and_update_resource


def _delete_resource(self, resource, definition):
    """Also what an update takes out of the template (CloudFormation User Guide, "DeletionPolicy attribute")."""
    if definition.get("DeletionPolicy") not in ("Retain", "RetainExceptOnCreate"):
        _delete(self, resource, definition)


def _parse_and_update_resource(logical_id, definition, resources, **where):
    """moto forgets what it cannot update, such as a table."""
    known = resources[logical_id]
    return _update(logical_id, definition, resources, **where) or known


def retain_what_templates_say():
    parsing.ResourceMap._delete_resource = _delete_resource
    parsing.parse_and_update_resource = _parse_and_update_resource
