"""The machine: room on the disk, descriptors, file systems."""

import resource
import shutil
from pathlib import Path

from .finding import Finding, advice
from .patient import Patient

LEAST_BYTES = 500 * 1024 * 1024
LEAST_SHARE = 0.05
FEW_DESCRIPTORS = 4096
MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs", "lustre", "afs"))


def about_disk(patient: Patient) -> list[Finding]:
    """Room for the data folder."""
    folder = existing(patient.settings.data_dir)
    usage = shutil.disk_usage(folder)
    if usage.free >= max(LEAST_BYTES, LEAST_SHARE * usage.total):
        return []
    free = f"{usage.free // (1024 * 1024)} MiB of {usage.total // (1024 * 1024)} MiB"
    return [Finding(f"The disk of DATA_DIR is nearly full: {free} are free.", "Make room, or move DATA_DIR to a larger disk.")]


def about_descriptors(patient: Patient) -> list[Finding]:
    """How many connections a process may hold open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= FEW_DESCRIPTORS:
        return []
    cure = f"Give it more: LimitNOFILE=65536 in the systemd unit, or ulimit -n 65536; at least {FEW_DESCRIPTORS}."
    return [advice(f"A process may open {soft} files and connections here, which a busy server uses up.", cure)]


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(one for one in (path, *path.absolute().parents) if one.exists())


def file_system(path: Path) -> str:
    """The kind of file system that a path lies on; empty where the system does not tell."""
    try:
        lines = MOUNTS.read_text().splitlines()
    except OSError:
        return ""
    return kind_of(existing(path).resolve(), lines)


def kind_of(path: Path, mounts: list[str]) -> str:
    """The kind of the deepest mount above the path, from lines of `mountinfo` (proc(5)); of two at one place the later."""
    found, kind = Path("/"), ""
    for line in mounts:
        before, _, behind = line.partition(" - ")
        point = Path(before.split()[4].encode().decode("unicode_escape"))
        if path.is_relative_to(point) and len(point.parts) >= len(found.parts):
            found, kind = point, behind.split()[0]
    return kind
