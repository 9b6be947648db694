def launches(world):
    """Launches fail: what runs is protected, what hangs is drained, and all is given back once they succeed."""
    world.post("/launches", {"refused": True})
    world.post("/desire", {"group": "web-2", "desired": 6})
    for _ in range(3):
        world.advance(1)
        world.post("/try-launches")
    world.advance(3)
    instances = world.group("web-2")["instances"]
    is_protected = len(instances) == 4 and all(each["protected"] for each in instances)
    world.expect("everything in service is protected", is_protected, instances)

    world.post("/launches", {"refused": False, "hang": True})
    world.post("/try-launches")
    world.advance(10)
    stuck = {each["id"] for each in world.group("web-2")["instances"] if each["state"] == "Pending:Wait"}
    world.expect("two launches hang", len(stuck) == 2, world.group("web-2"))
    world.advance(15)
    left = {each["id"] for each in world.group("web-2")["instances"]}
    world.expect("a launch that hung was ended", not stuck <= left, left)
    serving = [each for each in world.group("web-2")["instances"] if each["state"] == "InService"]
    world.expect("nobody in service was lost", len(serving) == 4, serving)

    world.advance(20)
    world.post("/launches", {"hang": False})
    world.post("/finish-bootstraps")
    world.post("/try-launches")
    for _ in range(6):
        world.advance(10)
        world.post("/finish-bootstraps")
    world.post("/desire", {"group": "web-2", "desired": 4})
    world.advance(75)
    world.expect_all_is_as_before()
