//! `cargo xtask install --prefix DIR`: headers, libraries, and what build systems need to find them. The folder may be
//! moved afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::library::{self, SONAME};
use crate::workspace::Workspace;

/// Where to install.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder to install to; `include` and `lib` are made in it
    #[arg(long, value_name = "DIR")]
    prefix: PathBuf,
}

/// Installs, and says where.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match Workspace::find().and_then(|workspace| install(&workspace, &arguments.prefix)) {
        Ok(()) => {
            anstream::eprintln!("installed bufproto in {}", arguments.prefix.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Installs to a folder, over whatever was installed there before.
pub(crate) fn install(workspace: &Workspace, prefix: &Path) -> anyhow::Result<()> {
    let include = workspace.root.join("crates").join(library::CRATE).join("include");
    for folder in ["", "bufproto"] {
        copy_headers(&include.join(folder), &prefix.join("include").join(folder))?;
    }
    let lib = prefix.join("lib");
    copy(&library::build_static(workspace)?, &lib.join("libbufproto.a"))?;
    copy(&library::build_shared(workspace)?, &lib.join(SONAME))?;
    link(SONAME, &lib.join("libbufproto.so"))?;
    let version = env!("CARGO_PKG_VERSION");
    for (file, template) in FILES {
        let path = lib.join(file);
        make_parent(&path)?;
        fs::write(&path, template.replace("@VERSION@", version))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Copies the headers of one folder.
fn copy_headers(from: &Path, to: &Path) -> anyhow::Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "h") {
            copy(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    make_parent(to)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn make_parent(path: &Path) -> anyhow::Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))
}

/// The name without a version, which linkers look for.
fn link(target: &str, path: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_file(path);
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, path)
        .with_context(|| format!("cannot make the link {}", path.display()))?;
    #[cfg(not(unix))]
    copy(&path.with_file_name(target), path)?;
    Ok(())
}

/// Files below `lib`, and what is in them.
const FILES: [(&str, &str); 5] = [
    ("pkgconfig/bufproto.pc", PKG_CONFIG),
    ("pkgconfig/bufproto-shared.pc", PKG_CONFIG_SHARED),
    ("pkgconfig/bufproto-forced.pc", PKG_CONFIG_FORCED),
    ("cmake/bufproto/bufproto-config.cmake", CMAKE),
    ("cmake/bufproto/bufproto-config-version.cmake", CMAKE_VERSION),
];

/// The symbol that is asked for makes the linker take the library's object also where build systems put libraries before
/// the objects that need them; an extension does not export what it takes, and drops what it does not use.
const PKG_CONFIG: &str = "\
prefix=${pcfiledir}/../..
includedir=${prefix}/include
libdir=${prefix}/lib

Name: bufproto
Description: Python's old buffer protocol, with control over the buffer's lifetime (static library)
Version: @VERSION@
Cflags: -I${includedir}
Libs: -Wl,-u,bufproto_version ${libdir}/libbufproto.a -Wl,--exclude-libs,libbufproto.a -Wl,--gc-sections
";

const PKG_CONFIG_SHARED: &str = "\
prefix=${pcfiledir}/../..
includedir=${prefix}/include
libdir=${prefix}/lib

Name: bufproto-shared
Description: Python's old buffer protocol, with control over the buffer's lifetime (shared library)
Version: @VERSION@
Cflags: -I${includedir}
Libs: -L${libdir} -Wl,--no-as-needed -lbufproto -Wl,--as-needed
";

/// For sources that are not to be touched: the compiler includes the header by itself.
const PKG_CONFIG_FORCED: &str = "\
Name: bufproto-forced
Description: Python's old buffer protocol for sources that do not include its header (static library)
Version: @VERSION@
Requires: bufproto = @VERSION@
Cflags: -include bufproto/python.h
";

const CMAKE: &str = "\
# bufproto::bufproto is the static library, bufproto::shared the shared one, and bufproto::forced the static one for
# sources that do not include the header.
get_filename_component(_bufproto_prefix \"${CMAKE_CURRENT_LIST_DIR}/../../..\" ABSOLUTE)
if(NOT TARGET bufproto::bufproto)
  add_library(bufproto::bufproto STATIC IMPORTED)
  set_target_properties(bufproto::bufproto PROPERTIES
    IMPORTED_LOCATION \"${_bufproto_prefix}/lib/libbufproto.a\"
    INTERFACE_INCLUDE_DIRECTORIES \"${_bufproto_prefix}/include\"
    INTERFACE_LINK_OPTIONS \"LINKER:--exclude-libs,libbufproto.a,--gc-sections\")
  add_library(bufproto::shared SHARED IMPORTED)
  set_target_properties(bufproto::shared PROPERTIES
    IMPORTED_LOCATION \"${_bufproto_prefix}/lib/libbufproto.so\"
    IMPORTED_SONAME \"libbufproto.so.0\"
    INTERFACE_INCLUDE_DIRECTORIES \"${_bufproto_prefix}/include\")
  add_library(bufproto::forced INTERFACE IMPORTED)
  set_target_properties(bufproto::forced PROPERTIES
    INTERFACE_LINK_LIBRARIES bufproto::bufproto
    INTERFACE_COMPILE_OPTIONS \"SHELL:-include bufproto/python.h\")
endif()
unset(_bufproto_prefix)
";

const CMAKE_VERSION: &str = "\
set(PACKAGE_VERSION \"@VERSION@\")
if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
";
