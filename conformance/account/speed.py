"""Three slow places of moto, made quick: none changes what the account answers."""

import functools

import moto.backends
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.utils import json_path
from werkzeug.serving import WSGIRequestHandler


def make_quick():
    # Headers and bodies are two packets; without this, each request waits for a delayed acknowledgement of the first.
    WSGIRequestHandler.disable_nagle_algorithm = True
    # Both are worked out anew for each request, and for each path of each state.
    moto.backends.list_of_moto_modules = functools.cache(lambda: list(_list_of_moto_modules()))
    json_path.parse = functools.lru_cache(1024)(json_path.parse)
    result_path.parse = functools.lru_cache(1024)(result_path.parse)


_list_of_moto_modules = moto.backends.list_of_moto_modules
