// The reference converter is a Python program, and its names are the results of Python's string methods. These are
// the definitions of those methods by Unicode properties; they work on scalars, since Python knows no graphemes.

extension Unicode.Scalar {
  /// Python's `isspace`.
  var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }

  /// Python's `isdecimal`, and `\d`: a digit of any script.
  var isDecimalDigit: Bool { properties.generalCategory == .decimalNumber }

  /// Python's `isalpha`.
  var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// `\w`: letters, numbers of any kind, and the underscore.
  var isWordCharacter: Bool {
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: isLetter || self == "_"
    }
  }

  /// The ASCII letter that a case-insensitive pattern takes this for: `re.IGNORECASE` folds these four as well.
  var foldedForMatching: Unicode.Scalar {
    switch value {
    case 0x41...0x5A: Unicode.Scalar(UInt8(truncatingIfNeeded: value) + 0x20)
    case 0x17F: "s"
    case 0x130, 0x131: "i"
    case 0x212A: "k"
    default: self
    }
  }
}

extension Sequence<Unicode.Scalar> {
  /// The scalars as a string.
  var text: String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: self)
    return String(scalars)
  }

  /// Python's `islower`: a lower-case letter and no upper-case one.
  var isPythonLowercase: Bool {
    var hasLowercase = false
    for scalar in self {
      let properties = scalar.properties
      if properties.isUppercase || properties.generalCategory == .titlecaseLetter { return false }
      if properties.isLowercase { hasLowercase = true }
    }
    return hasLowercase
  }

  /// Python's `title`, for text without upper-case letters: each letter that follows a non-letter becomes a capital.
  var pythonTitle: String {
    var title = ""
    var followsLetter = false
    for scalar in self {
      title += followsLetter ? String(scalar) : scalar.properties.titlecaseMapping
      followsLetter = scalar.properties.isCased
    }
    return title
  }
}

extension String {
  /// Python's `strip`.
  var pythonStripped: String {
    let tail = unicodeScalars.drop { $0.isPythonSpace }.reversed().drop { $0.isPythonSpace }
    return tail.reversed().text
  }

  /// The text with every scalar that equals `old` exchanged.
  func replacing(scalar old: Unicode.Scalar, with new: Unicode.Scalar) -> String {
    unicodeScalars.map { $0 == old ? new : $0 }.text
  }
}
