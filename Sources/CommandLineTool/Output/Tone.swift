import Ingot

/// The meaning of a word that a terminal colors.
enum Tone: Int {
  case bad = 31
  case good = 32
  case doubtful = 33

  /// The tone of a whole cell or line: a verdict, a severity, an outcome; nil for any other word.
  init?(of word: String) {
    switch word {
    case "error", "failed", "broken", "differs", "missing", "not certified": self = .bad
    case "passed", "matches": self = .good
    case "warning": self = .doubtful
    default: return nil
    }
  }

  /// The text with the escape sequences of this color.
  func applied(to text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}

extension String {
  /// The word bold, and in the color of its meaning if it has one, where the output may be colored.
  var asVerdict: String { colored(as: self).emphasized }

  /// The text in the color of `word`, where the output may be colored.
  func colored(as word: String) -> String {
    guard StandardStreams.outputIsColored, let tone = Tone(of: word) else { return self }
    return tone.applied(to: self)
  }
}
