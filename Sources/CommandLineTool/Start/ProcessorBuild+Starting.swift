import Ingot

#if os(Linux) && arch(x86_64)
  #if canImport(Glibc)
    import Glibc
  #else
    import Musl
  #endif
#endif

extension ProcessorBuild {
  /// Replaces the running program by the fastest build in its package that this processor can run, with the same arguments.
  ///
  /// Returns if there is none, as in a program that was built from source. The build that is started gets
  /// `INGOT_BUILD=baseline`, so it never starts another.
  ///
  /// - Throws: `ProcessorBuildError` if `INGOT_BUILD` names a build that cannot be started.
  static func startBest() throws(ProcessorBuildError) {
    #if os(Linux) && arch(x86_64)
      let name = getenv(variable).map { String(cString: $0) }
      guard name != baseline.rawValue, let folder = folder(ofProgram: "/proc/self/exe") else { return }
      guard let name else {
        let present = [v4, v3].filter { access(folder + $0.fileName, X_OK) == 0 }
        guard !present.isEmpty else { return }
        let instructionSets = availableInstructionSets()
        for build in present where build.instructionSets.isSubset(of: instructionSets) {
          start(folder + build.fileName)
        }
        return
      }
      guard let build = Self(rawValue: name) else { throw .unknown(name) }
      let missing = build.instructionSets.subtracting(availableInstructionSets())
      guard missing.isEmpty else { throw .unsupported(build, missing: missing.sorted()) }
      start(folder + build.fileName)
      throw .absent(build, path: folder + build.fileName)
    #endif
  }

  #if os(Linux) && arch(x86_64)
    /// The folder of the other builds, with a slash at its end; nil without a `/proc`.
    private static func folder(ofProgram link: String) -> String? {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(link, &buffer, buffer.count - 1)
      guard count > 0 else { return nil }
      let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return Path.folder(of: path) + "/../libexec/\(ToolInfo.name)/"
    }

    /// The instruction sets of the first processor; empty if they are unknown.
    ///
    /// One read: the record of a processor has about 2 KB, and the kernel makes each when it is read.
    private static func availableInstructionSets() -> Set<String> {
      let file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return [] }
      defer { close(file) }
      var buffer = [UInt8](repeating: 0, count: 8192)
      let count = read(file, &buffer, buffer.count)
      return count > 0 ? instructionSets(ofFirstProcessorIn: String(decoding: buffer[..<count], as: UTF8.self)) : []
    }

    /// Replaces the program; returns if that fails.
    private static func start(_ path: String) {
      setenv(variable, baseline.rawValue, 1)
      execv(path, CommandLine.unsafeArgv)
      unsetenv(variable)
    }
  #endif
}
