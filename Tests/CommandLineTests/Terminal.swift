import Foundation
import TestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A terminal of a given width, in which the program runs.
struct Terminal {
  let columnCount: Int
  var environment: [String: String] = ["TERM": "xterm-256color"]

  private struct Unavailable: Error {}

  /// Runs the program with both output streams on the terminal; returns the lines that it wrote, as they were written.
  func run(_ arguments: [String], in folder: String = Program.packageFolder) throws -> [String] {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    guard master >= 0 else { throw Unavailable() }
    defer { close(master) }
    let slave = open(try Self.name(of: master), O_RDWR | O_NOCTTY)
    guard slave >= 0 else { throw Unavailable() }
    var size = winsize(ws_row: 40, ws_col: UInt16(columnCount), ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(slave, UInt(TIOCSWINSZ), &size) == 0 else { throw Unavailable() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(fileDescriptor: slave)
    process.standardError = FileHandle(fileDescriptor: slave)
    try process.run()
    close(slave)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(master, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    process.waitUntilExit()
    return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Unlocks the other end of the terminal, and gives its name.
  private static func name(of master: Int32) throws -> String {
    #if os(Linux)
      // TIOCSPTLCK and TIOCGPTN; the functions for it are not in the module of the C library.
      var isLocked: Int32 = 0, number: Int32 = 0
      guard ioctl(master, 0x4004_5431, &isLocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
        throw Unavailable()
      }
      return "/dev/pts/\(number)"
    #else
      guard grantpt(master) == 0, unlockpt(master) == 0, let name = ptsname(master) else { throw Unavailable() }
      return String(cString: name)
    #endif
  }
}

extension String {
  /// What a terminal shows of a line: the text after the last return, without escape sequences.
  var shown: String {
    var text = ""
    var isEscape = false
    for scalar in (split(separator: "\r").last.map(String.init) ?? self).unicodeScalars {
      if scalar == "\u{1B}" {
        isEscape = true
      } else if isEscape {
        isEscape = !CharacterSet.letters.contains(scalar)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
