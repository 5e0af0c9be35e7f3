/// Commands as a user types them.
public enum ShellCommand {
  /// Returns a command that a POSIX shell runs.
  ///
  /// - Parameter wrapping: whether each option begins a line, after a backslash.
  public static func text(_ words: [String], wrapping: Bool = false) -> String {
    words.enumerated().reduce(into: "") { command, entry in
      let (index, word) = entry
      if index > 0 { command += wrapping && word.hasPrefix("--") ? " \\\n  " : " " }
      command += quoted(word)
    }
  }

  /// Returns a word in single quotes, unless a shell takes it as it is.
  public static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch UInt8(byte) {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "-_./=,:+%@".utf8.contains(byte)
      }
    }
    return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
