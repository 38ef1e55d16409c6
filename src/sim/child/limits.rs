//! Limits of our processes: how much a child may use, and that none leaves an image of its memory.
//!
//! Deliberately not here: deadlines (see `serve`).

use std::io;

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many seconds a child may compute in all; it is replaced before.
const CPU_SECONDS: u64 = 30;

/// How much address space a child has, in bytes.
const ADDRESS_SPACE: u64 = 512 * 1024 * 1024;

#[cfg(unix)]
pub(super) fn limit() -> io::Result<()> {
    let limits = [
        (Resource::As, ADDRESS_SPACE),
        (Resource::Cpu, CPU_SECONDS),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        // Who started us may have set a lower limit, which nobody can raise.
        let most = getrlimit(resource)
            .maximum
            .map_or(most, |set| set.min(most));
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        let set = setrlimit(resource, limit);
        // Elsewhere than on Linux address space may have no limit; the deadline protects us.
        if resource != Resource::As || cfg!(target_os = "linux") {
            set?;
        }
    }
    Ok(())
}

/// Elsewhere the deadline alone protects us.
#[cfg(not(unix))]
pub(super) fn limit() -> io::Result<()> {
    let _ = (ADDRESS_SPACE, CPU_SECONDS);
    Ok(())
}

/// Has the system write no image of this process should it crash, and on Linux keeps the memory and
/// the environment of this process from others of the same user: secrets are in both.
///
/// Where that is refused, everything else works all the same.
pub fn leave_no_core() {
    #[cfg(unix)]
    {
        let maximum = getrlimit(Resource::Core).maximum;
        let current = Some(0);
        let _ = setrlimit(Resource::Core, Rlimit { current, maximum });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
