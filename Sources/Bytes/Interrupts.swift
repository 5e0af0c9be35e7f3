import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Temporary files, and folders made for them, that an interrupt must remove.
///
/// The command line installs the handlers once; a library user keeps its own.
public enum Interrupts {
  private static let temporaries = Mutex<Set<String>>([])
  private static let folders = Mutex<Set<String>>([])
  private static let lastWords = Mutex<String?>(nil)
  /// Removes temporaries on SIGINT, SIGTERM and SIGHUP and then ends by that signal; makes SIGXFSZ and SIGPIPE errors.
  ///
  /// Call it before any thread is started: the signals are blocked here, threads inherit that, and one thread waits
  /// for them. (Signal sources of Dispatch were tried first; the signal that should end the process could get lost.)
  /// A signal that whoever started the process has it ignore, as `nohup` does, stays ignored.
  public static func install() {
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    var awaited = sigset_t()
    sigemptyset(&awaited)
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) { sigaddset(&awaited, number) }
    pthread_sigmask(SIG_BLOCK, &awaited, nil)
    let signals = awaited
    DispatchQueue(label: "ingot.interrupts").async {
      var signals = signals
      var number: Int32 = 0
      while sigwait(&signals, &number) != 0 {}
      end(by: number, of: &signals)
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    let previous = signal(number, SIG_DFL)
    let isIgnored = unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    if isIgnored { signal(number, SIG_IGN) }
    return isIgnored
  }

  private static func end(by number: Int32, of signals: inout sigset_t) {
    // The lock is never given back: nothing may be created or renamed between here and the end.
    temporaries.withLock { paths in
      for path in paths { unlink(path) }
      // A folder within another first.
      for path in folders.withLock({ $0 }).sorted(by: { $0.utf8.count > $1.utf8.count }) { rmdir(path) }
      if let words = lastWords.withLock({ $0 }) {
        var bytes = Array("\n\(words)\n".utf8)
        bytes.withUnsafeMutableBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
      }
      signal(number, SIG_DFL)
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      raise(number)
    }
  }

  /// Says `words` on standard error if an interrupt ends the process; nil for nothing.
  public static func say(atEnd words: String?) { lastWords.withLock { $0 = words } }

  /// Runs `body`, which may rename temporaries and strike them off the list, while no interrupt can end the process.
  static func holdingBack(_ body: (inout Set<String>) throws(FileError) -> Void) throws(FileError) {
    try temporaries.withLock { paths throws(FileError) in try body(&paths) }
  }

  /// Creates a folder that an interrupt removes again if it is empty; returns whether it was not there before.
  public static func createFolder(_ path: String) throws(FileError) -> Bool {
    guard FileSystem.kind(of: path) == nil else {
      try FileSystem.createFolder(path)
      return false
    }
    folders.withLock { _ = $0.insert(path) }
    try FileSystem.createFolder(path)
    return true
  }

  /// Leaves `path`, or removes it if it is empty, when the work in it has ended.
  public static func releaseFolder(_ path: String) {
    FileSystem.removeEmptyFolder(path)
    folders.withLock { _ = $0.remove(path) }
  }

  static func register(_ path: String) {
    temporaries.withLock { _ = $0.insert(path) }
  }

  static func unregister(_ path: String) {
    temporaries.withLock { _ = $0.remove(path) }
  }

  static func isRegistered(_ path: String) -> Bool {
    temporaries.withLock { $0.contains(path) }
  }
}
