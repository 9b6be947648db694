from world import SCALE_IN


def duplicates(world):
    """The same event twice, another account's, one of long ago, and one that was lost: each does what it should."""
    event = world.alarm("network-packet-loss-az2", "ALARM")
    foreign = {**event, "account": "999999999999"}
    world.event(foreign)
    world.advance(0.5)
    world.expect("an event of another account starts nothing", not world.executions(), world.executions())
    stale_state = {**event["detail"]["state"], "timestamp": "2020-01-01T00:00:00.000+0000"}
    world.event({**event, "detail": {**event["detail"], "state": stale_state}})
    world.advance(0.5)
    world.expect("an event of long ago starts nothing", not world.executions(), world.executions())
    world.event(event)
    world.event(event)
    world.advance(1)
    world.event(event)
    world.advance(11)
    started = [each["name"] for each in world.executions()]
    world.expect("one execution, however often it is told", len(started) == 1, started)
    world.expect("the group is held", world.suspended("web-1") == SCALE_IN)
    world.alarm("network-packet-loss-az2", "OK")
    world.advance(30)
    world.expect_all_is_as_before()

    world.alarm("network-packet-loss-az3", "ALARM")
    world.advance(6)
    world.expect("the sweep takes up an event that was lost", world.suspended("web-1") == SCALE_IN)
    world.alarm("network-packet-loss-az3", "OK")
    world.advance(30)
    world.expect_all_is_as_before()


def silent_table(world):
    """DynamoDB does not answer for three hours from the alarm on: the groups are held once it does."""
    world.post("/silent", {"services": ["dynamodb"]})
    world.event(world.alarm("network-packet-loss-az4", "ALARM"))
    world.advance(180)
    world.expect("nothing is changed that cannot be recorded", not world.mutating(), world.mutating())
    world.post("/silent", {"services": []})
    world.advance(7)
    world.expect("the group is held within one sweep", world.suspended("web-1") == SCALE_IN, world.executions())
    names = [each["name"] for each in world.executions()]
    world.expect("under the next name of the same signal", len(names) == 2 and names[1] == f"{names[0]}-2", names)
    world.alarm("network-packet-loss-az4", "OK")
    world.advance(35)
    world.expect_all_is_as_before(allowed_errors=("InternalServerError", "AggregateError"))
