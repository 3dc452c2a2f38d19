"""A stand-in for the Hugging Face Hub: as much of its HTTP API as huggingface_hub 2 calls to push and pull a model.

Small files travel within the commit, large ones by the Git LFS batch protocol (the client's Xet is switched off by
HF_HUB_DISABLE_XET). The store is a dict: each commit maps paths to contents.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.servers import free_port

Handler = Callable[[Request], Awaitable[Response]]
LARGE = 64 * 1024
"""Bytes from which a file is an LFS object here."""


@dataclass
class Repository:
    """Commits (oldest first) as id and contents by path, and tags as name and commit id."""

    private: bool
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=lambda: [("0" * 40, {})])
    tags: dict[str, str] = field(default_factory=dict)

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit that a branch, tag or id names."""
        if revision == "main":
            return self.commits[-1]
        wanted = self.tags.get(revision, revision)
        return next((commit for commit in self.commits if commit[0] == wanted), None)


class FakeHub:
    """Start it with `with FakeHub() as hub`; `hub.url` goes into HF_ENDPOINT. `token` is the only one that is let in;
    `failing` names handlers that answer 500, `spoiled` paths whose downloads are damaged."""

    def __init__(self, *, token: str = "hf_local") -> None:
        self.token, self.port = token, free_port()
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.failing: set[str] = set()
        self.spoiled: set[str] = set()
        self.requests: list[str] = []
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "FakeHub":
        config = uvicorn.Config(self._app(), host="127.0.0.1", port=self.port, log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline, "the stand-in did not start"
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server and self._thread
        self._server.should_exit = True
        self._thread.join(timeout=20)

    def _app(self) -> Starlette:
        model = "/api/models/{owner}/{name}"
        routes = [
            ("/api/repos/create", "POST", self._create),
            ("/api/validate-yaml", "POST", self._validate),
            (model, "GET", self._info),
            (model + "/revision/{revision}", "GET", self._info),
            (model + "/refs", "GET", self._refs),
            (model + "/tree/{revision}", "GET", self._tree),
            (model + "/preupload/{revision}", "POST", self._preupload),
            (model + "/commit/{revision}", "POST", self._commit),
            (model + "/tag/{revision}", "POST", self._tag),
            ("/{owner}/{name}.git/info/lfs/objects/batch", "POST", self._lfs_batch),
            ("/lfs/{oid}", "PUT", self._lfs_put),
            ("/{owner}/{name}/resolve/{revision}/{path:path}", "GET", self._resolve),
        ]
        return Starlette(routes=[Route(path, self._guard(call), methods=[verb]) for path, verb, call in routes])

    def _guard(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            name = handler.__name__.removeprefix("_")
            self.requests.append(name)
            if name in self.failing:
                return JSONResponse({"error": "broken on purpose"}, 500)
            if name != "lfs_put" and request.headers.get("authorization") != f"Bearer {self.token}":
                return JSONResponse({"error": "Invalid username or password."}, 401)
            return await handler(request)

        guarded.__name__ = handler.__name__
        return guarded

    def _repository(self, request: Request) -> Repository | None:
        return self.repositories.get("{owner}/{name}".format(**request.path_params))

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        repo_id = f"{body['organization'] or 'somebody'}/{body['name']}"
        known = repo_id in self.repositories
        if not known:
            self.repositories[repo_id] = Repository(private=body.get("visibility") == "private")
        answer = {"url": f"{self.url}/{repo_id}", "name": repo_id, "id": repo_id}
        return JSONResponse(answer, 409 if known else 200)

    async def _validate(self, request: Request) -> Response:
        content = (await request.json())["content"]
        sound = content.startswith("---\n") and "\n---\n" in content
        errors = [] if sound else [{"message": "no metadata"}]
        return JSONResponse({"errors": errors, "warnings": []}, 200 if sound else 400)

    async def _info(self, request: Request) -> Response:
        repository = self._repository(request)
        commit = repository and repository.at(request.path_params.get("revision", "main"))
        if not repository or not commit:
            code = "RevisionNotFound" if repository else "RepoNotFound"
            return JSONResponse({"error": "not found"}, 404, {"X-Error-Code": code})
        repo_id = "{owner}/{name}".format(**request.path_params)
        files = [{"rfilename": path} for path in commit[1]]
        return JSONResponse(
            {"id": repo_id, "modelId": repo_id, "sha": commit[0], "siblings": files, "tags": [], "downloads": 0}
        )

    async def _refs(self, request: Request) -> Response:
        repository = self._repository(request)
        assert repository
        tags = [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": commit}
            for name, commit in repository.tags.items()
        ]
        head = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.commits[-1][0]}
        return JSONResponse({"branches": [head], "converts": [], "tags": tags})

    async def _tree(self, request: Request) -> Response:
        repository = self._repository(request)
        commit = repository and repository.at(request.path_params["revision"])
        if not commit:
            return JSONResponse({"error": "not found"}, 404, {"X-Error-Code": "RepoNotFound"})
        return JSONResponse([_described(path, content) for path, content in commit[1].items()])

    async def _preupload(self, request: Request) -> Response:
        repository = self._repository(request)
        assert repository
        present = repository.commits[-1][1]
        return JSONResponse(
            {
                "files": [
                    {
                        "path": file["path"],
                        "uploadMode": "lfs" if file["size"] >= LARGE else "regular",
                        "shouldIgnore": False,
                        "oid": _object_id(present[file["path"]]) if file["path"] in present else None,
                    }
                    for file in (await request.json())["files"]
                ]
            }
        )

    async def _lfs_batch(self, request: Request) -> Response:
        objects = []
        for wanted in (await request.json())["objects"]:
            answer: dict[str, object] = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.objects:
                answer["actions"] = {"upload": {"href": f"{self.url}/lfs/{wanted['oid']}"}}
            objects.append(answer)
        return JSONResponse({"transfer": "basic", "objects": objects})

    async def _lfs_put(self, request: Request) -> Response:
        content = await request.body()
        if hashlib.sha256(content).hexdigest() != request.path_params["oid"]:
            return Response(status_code=400)
        self.objects[request.path_params["oid"]] = content
        return Response()

    async def _commit(self, request: Request) -> Response:
        repository = self._repository(request)
        assert repository
        files = dict(repository.commits[-1][1])
        for line in (await request.body()).splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.objects[value["oid"]]
            elif operation["key"] == "deletedFile":
                del files[value["path"]]
        oid = hashlib.sha1(f"{len(repository.commits)}{sorted(files)}".encode()).hexdigest()
        repository.commits.append((oid, files))
        return JSONResponse({"success": True, "commitOid": oid, "commitUrl": f"{self.url}/x/y/commit/{oid}"})

    async def _tag(self, request: Request) -> Response:
        repository = self._repository(request)
        assert repository
        commit = repository.at(request.path_params["revision"])
        assert commit
        name = (await request.json())["tag"]
        if name in repository.tags:
            return JSONResponse({"error": "tag exists"}, 409)
        repository.tags[name] = commit[0]
        return JSONResponse({})

    async def _resolve(self, request: Request) -> Response:
        repository = self._repository(request)
        commit = repository and repository.at(request.path_params["revision"])
        path = request.path_params["path"]
        if not commit or path not in commit[1]:
            return JSONResponse({"error": "not found"}, 404, {"X-Error-Code": "EntryNotFound"})
        content = commit[1][path]
        headers = {"X-Repo-Commit": commit[0], "ETag": f'"{_object_id(content)}"'}
        if len(content) >= LARGE:
            headers |= {"X-Linked-Etag": f'"{_object_id(content)}"', "X-Linked-Size": str(len(content))}
        if path in self.spoiled:
            content = content[:-1] + bytes([content[-1] ^ 1])
        return Response(content, headers=headers, media_type="application/octet-stream")


def _object_id(content: bytes) -> str:
    """The SHA-256 of a large file, the git blob's SHA-1 of a small one, as the Hub tells them."""
    if len(content) >= LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _described(path: str, content: bytes) -> dict[str, object]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    found: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": blob}
    if len(content) >= LARGE:
        found["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return found
