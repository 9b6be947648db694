"""Amazon EC2 where moto lacks something: capacity reservations, types without capacity, and what an instance says of itself."""

import uuid

import botocore.session
import moto.ec2.utils
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.responses import EC2Response

from .log import note_harm

#: Types of which there is no capacity now.
SHORT_TYPES = []
RESERVATIONS = {}

_ec2_model = botocore.session.get_session().get_service_model("ec2")
#: EC2 takes the platform of a reservation from its enum only (API reference, CreateCapacityReservation).
PLATFORMS = _ec2_model.shape_for("CapacityReservationInstancePlatform").enum

# EC2 says of every instance how it was booted and whether it has ENA (API reference, Instance); moto does not.
Instance.platform_details = "Linux/UNIX"
Instance.ena_support = True
Instance.current_instance_boot_mode = "legacy-bios"


def set_platform(name):
    """What EC2 says that every instance is billed as."""
    Instance.platform_details = name


# DescribeInstances filters by the hour of the launch with a wildcard (API reference); moto does not know this filter.
Instance.launch_hours = property(lambda self: [self.launch_time.strftime("%Y-%m-%dT%H:*")])
moto.ec2.utils.filter_dict_attribute_mapping["launch-time"] = "launch_hours"

_stop_instances = InstanceBackend.stop_instances
_start_instances = InstanceBackend.start_instances


def stop_instances(self, ids):
    for instance_id in ids:
        group = getattr(self.get_instance(instance_id), "autoscaling_group", None)
        states = group.instance_states if group else []
        if any(state.instance.id == instance_id and state.lifecycle_state == "InService" for state in states):
            note_harm(f"{instance_id} was stopped while in service in {group.name}")
    return _stop_instances(self, ids)


def start_instances(self, ids):
    if any(self.get_instance(instance_id).instance_type in SHORT_TYPES for instance_id in ids):
        raise EC2ClientError(
            "InsufficientInstanceCapacity",
            "We currently do not have sufficient capacity in the Availability Zone you requested.",
        )
    return _start_instances(self, ids)


InstanceBackend.stop_instances = stop_instances
InstanceBackend.start_instances = start_instances


def _answer(operation, content):
    return (
        f'<{operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>x</requestId>{content}</{operation}Response>"
    )


def _xml_of(reservation):
    return "".join(f"<{key}>{value}</{key}>" for key, value in reservation.items())


def create_capacity_reservation(self):
    self.error_on_dryrun()
    platform = self._get_param("InstancePlatform")
    if platform not in PLATFORMS:
        raise EC2ClientError(
            "InvalidParameterValue", f"Value ({platform}) for parameter instancePlatform is invalid."
        )
    instance_type = self._get_param("InstanceType")
    if instance_type in SHORT_TYPES:
        raise EC2ClientError("InsufficientInstanceCapacity", "Insufficient capacity.")
    count = self._get_param("InstanceCount")
    reservation = {
        "capacityReservationId": f"cr-{uuid.uuid4().hex[:17]}",
        "instanceType": instance_type,
        "totalInstanceCount": count,
        "availableInstanceCount": count,
        "availabilityZone": self._get_param("AvailabilityZone"),
        "state": "active",
    }
    RESERVATIONS[reservation["capacityReservationId"]] = reservation
    content = f"<capacityReservation>{_xml_of(reservation)}</capacityReservation>"
    return _answer("CreateCapacityReservation", content)


def cancel_capacity_reservation(self):
    self.error_on_dryrun()
    reservation_id = self._get_param("CapacityReservationId")
    if reservation_id not in RESERVATIONS:
        raise EC2ClientError("InvalidCapacityReservationId.NotFound", f"{reservation_id} does not exist")
    RESERVATIONS[reservation_id]["state"] = "cancelled"
    return _answer("CancelCapacityReservation", "<return>true</return>")


def describe_capacity_reservations(self):
    items = "".join(f"<item>{_xml_of(each)}</item>" for each in RESERVATIONS.values())
    return _answer(
        "DescribeCapacityReservations", f"<capacityReservationSet>{items}</capacityReservationSet>"
    )


EC2Response.create_capacity_reservation = create_capacity_reservation
EC2Response.cancel_capacity_reservation = cancel_capacity_reservation
EC2Response.describe_capacity_reservations = describe_capacity_reservations
