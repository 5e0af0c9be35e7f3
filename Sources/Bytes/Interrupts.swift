import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Temporary files that an interrupt must remove.
///
/// The command line installs the handlers once; a library user keeps its own.
public enum Interrupts {
  private static let temporaries = Mutex<Set<String>>([])
  private static let sources = Mutex<[Source]>([])

  /// Keeps a signal source alive; it is set up before it is stored and not touched again.
  private struct Source: @unchecked Sendable {
    let source: any DispatchSourceSignal
  }

  /// Removes temporaries on SIGINT, SIGTERM and SIGHUP and then ends by that signal; makes SIGXFSZ and SIGPIPE errors.
  public static func install() {
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    let queue = DispatchQueue(label: "ingot.interrupts")
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        for path in temporaries.withLock({ $0 }) { unlink(path) }
        signal(number, SIG_DFL)
        kill(getpid(), number)
      }
      source.resume()
      let kept = Source(source: source)
      sources.withLock { $0.append(kept) }
    }
  }

  static func register(_ path: String) {
    temporaries.withLock { _ = $0.insert(path) }
  }

  static func unregister(_ path: String) {
    temporaries.withLock { _ = $0.remove(path) }
  }
}
