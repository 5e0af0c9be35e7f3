import Ingot
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The three streams a process is born with.
enum StandardStreams {
  /// Opens `/dev/null` for reading under every standard descriptor that is closed.
  ///
  /// Otherwise the first checkpoint that is opened would get the number of standard output.
  static func occupyClosedDescriptors() {
    for number in 0...2 as ClosedRange<Int32> where fcntl(number, F_GETFD) == -1 {
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Whether standard output is a terminal that may be colored.
  static let outputIsColored = outputIsTerminal && mayColor
  /// Whether standard error is a terminal that may be colored.
  static let errorIsColored = isatty(2) == 1 && mayColor
  /// Whether the environment allows color.
  private static let mayColor = getenv("NO_COLOR") == nil && !isDumb
  /// Whether standard output is a terminal.
  static let outputIsTerminal = isatty(1) == 1
  /// Whether standard error is a terminal that can rewrite a line, so that progress has somebody to look at it.
  static let errorShowsProgress = isatty(2) == 1 && !isDumb
  /// The columns of the terminal that standard output is; nil if it is none or does not say.
  static let outputColumnCount: Int? = {
    var size = winsize()
    guard outputIsTerminal, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }()
  /// Whether the terminal says that it understands no escape sequences.
  private static let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? false

  /// Writes one error line to standard error; there is nowhere to complain if that fails.
  static func report(error text: String) {
    note("\(ToolInfo.name): \(errorIsColored ? Tone.bad.applied(to: "error") : "error"): \(text)")
  }

  /// Replaces the current line of standard error, a terminal.
  static func rewriteLine(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(("\r\u{1B}[K" + text).utf8)
  }

  /// Writes one line to standard error.
  static func note(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8)
  }
}

/// Standard output, buffered.
struct StandardOutput {
  private var buffer: [UInt8] = []
  /// The first failure; what comes after it goes nowhere.
  private var failure: (any IngotError)?
  private static let bufferByteCount = 1 << 16

  mutating func write(_ text: String) {
    write(Array(text.utf8))
  }

  mutating func write(_ bytes: [UInt8]) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferByteCount { send() }
  }

  /// Writes what is left.
  ///
  /// - Throws: `OutputClosed` if the reader closed its end, `FileError` if the stream is closed or its disk is full.
  mutating func flush() throws {
    send()
    if let failure { throw failure }
  }

  private mutating func send() {
    defer { buffer.removeAll(keepingCapacity: true) }
    guard failure == nil, !buffer.isEmpty else { return }
    do {
      _ = try FileDescriptor.standardOutput.writeAll(buffer)
    } catch {
      let code = error as? Errno ?? .ioError
      failure = code == .brokenPipe ? OutputClosed() : FileError.cannotWrite(path: "standard output", errno: code)
    }
  }
}

/// Whoever read standard output had enough, as in `ingot inspect MODEL | head`; nothing to complain about.
struct OutputClosed: IngotError {
  var category: ErrorCategory { .output }
  var description: String { "standard output: the reader is gone" }
}
