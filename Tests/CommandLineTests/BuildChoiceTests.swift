import Foundation
import TestSupport
import Testing

#if os(Linux) && arch(x86_64)
  private let hasSeveralBuilds = true
#else
  private let hasSeveralBuilds = false
#endif

/// The program of a package, with stand-ins for its builds for newer processors.
@Suite("The choice of a build", .enabled(if: hasSeveralBuilds, "only x86-64 Linux has several builds"))
struct BuildChoiceTests {
  private let folder = TemporaryFolder()

  /// A folder with the program in `bin`, and with scripts that say who they are as its other builds.
  init() throws {
    let script =
      #"for b in v3 v4; do printf '#!/bin/sh\necho "$0 $INGOT_BUILD $*"\n' > ingot-x86-64-$b; done; chmod +x *"#
    let setUp = try Program.shell(
      "mkdir -p bin libexec/ingot && (ln \"$ingot\" bin/ || cp \"$ingot\" bin/) && cd libexec/ingot && \(script)",
      in: folder.path)
    try #require(setUp.status == 0, "\(setUp.error)")
  }

  private func run(_ line: String) throws -> Program.Run { try Program.shell(line, in: folder.path) }

  @Test("is the best that the loader of the C library says this processor has")
  func best() throws {
    let levels = try run("/lib64/ld-linux-x86-64.so.2 --help").output
    let best = ["v4", "v3"].first { levels.contains("x86-64-\($0) (supported") }
    let said = try run("bin/ingot --version 'a b'").output
    if let best {
      #expect(said.hasSuffix("libexec/ingot/ingot-x86-64-\(best) baseline --version a b\n"))
    } else {
      #expect(said.hasPrefix("ingot "))
    }
    // Also by a link from elsewhere.
    #expect(try run("ln -s \(folder.path)/bin/ingot link && ./link --version 'a b'").output == said)
  }

  @Test("can be left out, and then nothing else is started")
  func baseline() throws {
    #expect(try run("INGOT_BUILD=baseline bin/ingot --version").output.hasPrefix("ingot "))
  }

  @Test("passes over builds that are damaged, and over links to the program itself")
  func damaged() throws {
    let damage = "for b in libexec/ingot/*; do echo damaged > $b; done; bin/ingot --version"
    #expect(try run(damage).output.hasPrefix("ingot "))
    let links = "for b in libexec/ingot/*; do ln -sf ../../bin/ingot $b; done; bin/ingot --version"
    #expect(try run(links).output.hasPrefix("ingot "))
    #expect(try run("rm -r libexec; bin/ingot --version").output.hasPrefix("ingot "))
  }

  @Test("that cannot be made is an error")
  func errors() throws {
    let unknown = try run("INGOT_BUILD=v9 bin/ingot --version")
    #expect(unknown.status == 64)
    #expect(unknown.error == "ingot: error: INGOT_BUILD is \"v9\", expected baseline, v3, v4\n")
    let absent = try run("rm -r libexec; INGOT_BUILD=v3 bin/ingot --version")
    #expect(absent.status == 64 && absent.error.hasPrefix("ingot: error: INGOT_BUILD is v3, but "))
  }
}

/// What `make install` and `make uninstall` do.
@Suite("An installation")
struct InstallationTests {
  @Test("has the program, manual pages and completions, and is removed without a trace")
  func tree() throws {
    let folder = TemporaryFolder()
    let tree = folder.file("usr")
    let installed = try Program.shell(
      "mkdir -p \(tree)/share/man/man1 && touch \(tree)/share/man/man1/other.1"
        + " && scripts/packaging/tree.sh \"$ingot\" \(tree)")
    #expect(installed.status == 0, "\(installed.error)")
    for file in [
      "bin/ingot", "share/bash-completion/completions/ingot", "share/zsh/site-functions/_ingot",
      "share/fish/vendor_completions.d/ingot.fish", "share/doc/ingot/copyright",
    ] {
      #expect(FileManager.default.fileExists(atPath: "\(tree)/\(file)"), "\(file)")
    }
    #expect(try Program.shell("\(tree)/bin/ingot --version").status == 0)
    for page in ["ingot", "ingot-convert", "ingot-meta-set"] {
      let text = try String(contentsOfFile: "\(tree)/share/man/man1/\(page).1", encoding: .utf8)
      #expect(text.hasPrefix(".Dd ") && text.contains(".Sh EXAMPLES"))
    }
    #expect(try Program.shell("scripts/packaging/untree.sh \(tree)").status == 0)
    #expect(try Program.shell("cd \(tree) && find . -type f").output == "./share/man/man1/other.1\n")
  }
}
