#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

enum ActiveCores {
  /// Processors online, as the system counts them.
  static var count: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
