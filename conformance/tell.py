"""Deploys a packaged stage into the account, makes a fleet with Terraform, tells stories, and checks what each leaves.

python3 conformance/tell.py PACKAGED_STAGE [--bundle FOLDER [--by cloudformation|terraform]] [--out FOLDER] [--port PORT] [STORY ...]

Exits with 0 when every check of every story passed and every request is as AWS documents it. Run by run.ts, which looks
first whether everything it needs is there.
"""

import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent
sys.path.insert(0, str(HERE))

import stories  # noqa: E402
import wire  # noqa: E402
from world import World  # noqa: E402


class Services:
    """The account and the host of its functions, as processes."""

    def __init__(self, port, out):
        self.port = port
        self.out = out
        self.url = f"http://127.0.0.1:{port}"
        self.processes = []
        self.environment = {
            **os.environ,
            "PATH": f"{CHECKOUT}/node_modules/.bin:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "y",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self):
        host_port = str(self.port + 2)
        node = str(CHECKOUT / "node_modules/.bin/node")
        host = [node, str(HERE / "function-host.mjs"), host_port, self.url, str(self.out / "functions.log")]
        account = [sys.executable, "-m", "account.server", str(self.port), host_port]
        for name, command in (("host", host), ("account", account)):
            self._start(name, command)

    def _start(self, name, command):
        path = self.out / f"{name}.log"
        with open(path, "w") as log:
            process = subprocess.Popen(
                command, cwd=HERE, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        self.processes.append(process)
        end = time.monotonic() + 60
        while "ready" not in path.read_text():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the {name} does not start:\n{path.read_text()}")
            time.sleep(0.1)

    def run(self, *command, cwd, check=True, **environment):
        result = subprocess.run(
            command, cwd=cwd, env={**self.environment, **environment}, capture_output=True, text=True
        )
        if check and result.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}")
        return result

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()


def retries_in(template):
    """Retries of asynchronous invocations by function name: moto makes no EventInvokeConfig."""
    resources = template["Resources"]
    names = {
        logical_id: resource["Properties"]["FunctionName"]
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    retries = {}
    for resource in resources.values():
        if resource["Type"] != "AWS::Lambda::EventInvokeConfig":
            continue
        reference = json.dumps(resource["Properties"]["FunctionName"])
        for logical_id, name in names.items():
            if f'"{logical_id}"' in reference or name in reference:
                retries[name] = resource["Properties"].get("MaximumRetryAttempts", 2)
    return retries


def deploy_with_osls(services, packaged):
    """Deploys a packaged stage with the tool that people use."""
    # osls clears its own folder, whatever package it deploys.
    own, kept = CHECKOUT / ".serverless", services.out / "serverless-kept"
    if own.is_dir():
        shutil.rmtree(kept, ignore_errors=True)
        shutil.move(own, kept)
    words = ("--stage", packaged.name, "--region", "us-east-1", "--package", str(packaged))
    # An earlier release has a configuration of its own.
    checkout = packaged.parent.parent if (packaged.parent.parent / "serverless.yml").is_file() else CHECKOUT
    try:
        services.run("osls", "deploy", *words, cwd=checkout)
    finally:
        if kept.is_dir():
            shutil.rmtree(own, ignore_errors=True)
            shutil.move(kept, own)


def deploy_with_cloudformation(services, bundle):
    """Deploys a bundle with the commands of docs/many-accounts.md."""
    # moto finds a bucket in an address only where the host is localhost.
    endpoint = {"AWS_ENDPOINT_URL": f"http://localhost:{services.port}"}
    bucket = "holdfast-code-us-east-1"
    # It may be there from an earlier deploy of this story.
    services.run("aws", "s3", "mb", f"s3://{bucket}", cwd=bundle, check=False, **endpoint)
    services.run("aws", "s3", "cp", "--recursive", "holdfast", f"s3://{bucket}/holdfast", cwd=bundle, **endpoint)
    # With all that an account may ask for.
    answer = services.run("aws", "kms", "create-key", cwd=bundle, **endpoint)
    key = json.loads(answer.stdout)["KeyMetadata"]["Arn"]
    boundary = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    policy = f"boundary-{uuid.uuid4()}"
    words = ("--policy-name", policy, "--policy-document", boundary)
    services.run("aws", "iam", "create-policy", *words, cwd=bundle, **endpoint)
    services.run(
        *("aws", "cloudformation", "deploy", "--region", "us-east-1", "--stack-name", "holdfast-prod"),
        *("--template-file", "holdfast-prod.template.json", "--s3-bucket", bucket),
        *("--parameter-overrides", "CodeBucketPrefix=holdfast-code", "AccountAlias=second cloud"),
        *("RolePath=/ops/", f"PermissionsBoundaryName={policy}", f"KmsKeyArn={key}"),
        *("--capabilities", "CAPABILITY_IAM", "--tags", "team=sre"),
        cwd=bundle,
        **endpoint,
    )
    found = services.run(
        *("aws", "iam", "list-roles", "--path-prefix", "/ops/", "--query", "Roles[].RoleName", "--output", "text"),
        cwd=bundle,
        **endpoint,
    )
    if len(found.stdout.split()) < 25:
        raise RuntimeError(f"the roles have not the path they were given: {found.stdout}")
    # moto keeps the key of a topic; it forgets that of a table and of a log group.
    topic = "arn:aws:sns:us-east-1:123456789012:holdfast-prod-notifications"
    found = services.run("aws", "sns", "get-topic-attributes", "--topic-arn", topic, cwd=bundle, **endpoint)
    if key not in found.stdout:
        raise RuntimeError(f"the topic has not the key it was given: {found.stdout}")


def deploy_with_terraform(services, bundle):
    """Deploys a bundle with the example of docs/examples/terraform."""
    terraform = Terraform(services, "holdfast", CHECKOUT / "docs/examples/terraform/main.tf")
    endpoints = "".join(
        f'    {name} = "{services.url}"\n' for name in ("s3", "cloudformation", "sts", "iam")
    )
    # A file of this name changes what the example says: here, where AWS is.
    (terraform.folder / "world_override.tf").write_text(
        'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n      version = "5.100.0"\n    }\n  }\n}\n'
        'provider "aws" {\n  access_key = "x"\n  secret_key = "y"\n'
        "  skip_credentials_validation = true\n  skip_metadata_api_check = true\n"
        "  skip_requesting_account_id = true\n  s3_use_path_style = true\n"
        f"  endpoints {{\n{endpoints}  }}\n}}\n"
    )
    terraform.environment |= {
        "TF_VAR_bundle": str(bundle),
        "TF_VAR_region": "us-east-1",
        "TF_VAR_code_bucket_prefix": "holdfast-code",
    }
    terraform.make()
    if (changes := terraform.drift()) is not None:
        raise RuntimeError(f"right after the deploy Terraform would change {changes}")
    services.terraform = terraform


class Deployer:
    """What stories do to stages: other stages beside the one that is told of, and other releases of it."""

    def __init__(self, services, world, packaged, bundle, by):
        self.services, self.world, self.packaged, self.bundle, self.by = services, world, packaged, bundle, by

    def deploy(self, stage):
        if stage == self.packaged.name:
            deploy(self.services, self.world, self.packaged, self.bundle, self.by)
            return
        folder = self.packaged.parent / stage
        if not (folder / "cloudformation-template-update-stack.json").is_file():
            raise RuntimeError(f"{folder} is not packaged; run npm run package")
        deploy(self.services, self.world, folder, None, self.by)

    def remove(self, stage):
        words = ("--stage", stage, "--region", "us-east-1")
        if stage == self.packaged.name and self.bundle is not None and self.by == "terraform":
            self.services.terraform.destroy()
        elif stage == self.packaged.name and self.bundle is not None:
            self.world.client("cloudformation").delete_stack(StackName=f"holdfast-{stage}")
        else:
            self.services.run("osls", "remove", *words, cwd=CHECKOUT)
        self.world.post("/begin", {"retries": {}})


def deploy(services, world, packaged, bundle, by):
    """Deploys. Returns how many resources moto made, and which kinds it cannot make."""
    if bundle is None:
        deploy_with_osls(services, packaged)
        file = packaged / "cloudformation-template-update-stack.json"
    else:
        {"cloudformation": deploy_with_cloudformation, "terraform": deploy_with_terraform}[by](services, bundle)
        file = bundle / "holdfast-prod.template.json"
    template = json.loads(file.read_text())
    made = {
        resource.get("LogicalResourceId")
        for resource in world.client("cloudformation").describe_stack_resources(
            StackName=f"holdfast-{packaged.name}"
        )["StackResources"]
    }
    missing = collections.Counter(
        resource["Type"] for logical_id, resource in template["Resources"].items() if logical_id not in made
    )
    world.post("/begin", {"retries": retries_in(template)})
    world.event(stack_event(world, f"holdfast-{packaged.name}"))
    return len(made), dict(missing)


def stack_event(world, stack):
    """As AWS tells of the end of a deploy, and moto does not (CloudFormation User Guide, "Managing events")."""
    described = world.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "CloudFormation Stack Status Change",
        "source": "aws.cloudformation",
        "account": "123456789012",
        "time": world.state()["now"],
        "region": "us-east-1",
        "resources": [described["StackId"]],
        "detail": {
            "stack-id": described["StackId"],
            "status-details": {"status": described["StackStatus"], "status-reason": ""},
            "client-request-token": "",
        },
    }


def find_mirror():
    """A folder with Terraform's providers, where there is one: else they come from their registry."""
    named = os.environ.get("HOLDFAST_TERRAFORM_PLUGINS")
    if named is not None:
        return named
    found = sorted(pathlib.Path("/opt").glob("*/registry.terraform.io"))
    return str(found[0].parent) if found else None


class Terraform:
    """What one configuration of Terraform makes. It also tells afterwards whether anything is not as it was."""

    def __init__(self, services, name, configuration_file):
        self.services = services
        self.folder = services.out / f"terraform-{name}"
        mirror = find_mirror()
        self.folder.mkdir(exist_ok=True)
        for old in (*self.folder.glob("*.tf"), *self.folder.glob("terraform.tfstate*")):
            old.unlink()
        (self.folder / "main.tf").write_text(configuration_file.read_text())
        configuration = self.folder / "terraform.rc"
        if mirror is not None:
            configuration.write_text(
                f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n'
            )
        else:
            configuration.write_text("")
        self.environment = {"TF_CLI_CONFIG_FILE": str(configuration), "TF_VAR_endpoint": services.url}

    def _terraform(self, *words, check=True):
        return self.services.run(
            "terraform", words[0], "-no-color", *words[1:], cwd=self.folder, check=check, **self.environment
        )

    def make(self):
        self._terraform("init")
        self._terraform("apply", "-auto-approve")

    def destroy(self):
        self._terraform("destroy", "-auto-approve")

    def drift(self):
        """What Terraform would change now; None when it would change nothing."""
        result = self._terraform("plan", "-detailed-exitcode", check=False)
        if result.returncode == 0:
            return None
        changes = [line for line in result.stdout.splitlines() if line.strip().startswith(("~", "+", "-", "#"))]
        return "\n".join(changes)[:1500] or result.stderr[:500]


def tell(name, world):
    """Tells one story. Returns the checks that failed."""
    story = stories.ALL[name]
    world.begin_story()
    print(f"{name}: {story.__doc__.splitlines()[0]}", flush=True)
    began = time.monotonic()
    try:
        story(world)
    except Exception as error:
        world.expect(f"the story ran ({error!r})", False)
    calls = world.mutating()
    counts = dict(collections.Counter(operation for operation, _input, _status in calls))
    failed = [what for what, is_so in world.checks if not is_so]
    seconds = time.monotonic() - began
    print(f"  {seconds:.0f} s, {len(world.checks)} checks, {len(failed)} failed; calls that change: {counts}", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("packaged", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--port", type=int, default=7060)
    parser.add_argument("--bundle", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--by", choices=("cloudformation", "terraform"), default="cloudformation")
    # An earlier release, packaged: it is deployed first, and the story `upgrade` deploys the present one over it.
    parser.add_argument("--from", dest="earlier", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("stories", nargs="*", metavar="STORY")
    options = parser.parse_intermixed_args()
    unknown = [name for name in options.stories if name not in stories.ALL]
    if unknown:
        sys.exit(f"There is no story {unknown[0]}. There are: {', '.join(stories.ALL)}")
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    services = Services(options.port, out)
    failed = {}
    requests = []
    changes = findings = None
    began = time.monotonic()
    try:
        services.start()
        # Three groups of four.
        fleet = Terraform(services, "fleet", HERE / "terraform" / "main.tf")
        world = World(options.port, stage=options.packaged.name)
        packaged = options.packaged.resolve()
        world.deployer = Deployer(services, world, packaged, options.bundle, options.by)
        if options.earlier is None:
            made, missing = deploy(services, world, packaged, options.bundle, options.by)
        else:
            made, missing = deploy(services, world, options.earlier, None, options.by)
        print(f"deployed: {made} resources; moto cannot make {missing}", flush=True)
        fleet.make()
        for name in options.stories or (["upgrade", "removal"] if options.earlier else stories.OF_ONE_RELEASE):
            failed[name] = tell(name, world)
            sent = [*world.wire(), *world.wire(by="command")]
            requests += sent
            (out / f"{name}.json").write_text(json.dumps({**world.state(), "wire": sent}, indent=1))
        changes = fleet.drift()
        print(f"Terraform would change {changes or 'nothing'}", flush=True)
        count, findings = wire.check(requests)
        print(f"{count} requests held against AWS's models: {findings or 'nothing found'}", flush=True)
    finally:
        services.stop()
    lost = {name: checks for name, checks in failed.items() if checks}
    passed = len(failed) - len(lost)
    print(f"{passed} stories passed, {len(lost)} failed, in {time.monotonic() - began:.0f} s; all of it is in {out}")
    sys.exit(1 if lost or changes or findings else 0)


if __name__ == "__main__":
    main()
