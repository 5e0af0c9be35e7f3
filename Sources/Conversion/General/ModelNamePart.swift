/// One part of a model's name between dashes, and its interpretation.
struct ModelNamePart {
  /// The kinds of parts; a version may belong to the basename as well.
  enum Role {
    case basename, sizeLabel, finetune, version
    /// An element type, `q4_0` or `bf16`, or the kind of file, which is not part of the metadata.
    case storageType
  }

  /// The text, perhaps respelled: `7b1` is `7.1B`, `f16` is `F16`.
  private(set) var scalars: [Unicode.Scalar]
  /// The kinds of the part; empty if none is recognized.
  var roles: Set<Role> = []

  init(_ part: [Unicode.Scalar], isFirst: Bool, parameterCount: Int) {
    scalars = part
    let folded = part.map(\.foldedForMatching)
    if Self.isVersion(folded) {
      roles = [.version]
    } else if Self.isStorageType(folded) {
      roles = [.storageType]
      scalars = Array(part.text.uppercased().unicodeScalars)
    } else if isFirst {
      return
    } else if Self.isSizeLabel(folded) {
      takeSizeLabel(parameterCount: parameterCount)
    } else if Self.finetunes.contains(folded.text) {
      // In the name of an adapter, "lora" says nothing.
      roles = parameterCount < 0 && folded.text == "lora" ? [.storageType] : [.finetune]
    }
  }

  private static let finetunes: Set = ["chat", "instruct", "vision", "lora"]
  private static let sizeWords: Set = ["small", "mini", "medium", "large", "xl", "xxl"]

  /// Whether the scalars are `\d+([.]\d+)*`.
  static func isDottedNumber(_ scalars: [Unicode.Scalar]) -> Bool {
    scalars.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { digits in
      !digits.isEmpty && digits.allSatisfy(\.isDecimalDigit)
    }
  }

  /// Whether the part is `(v|iter)?\d+([.]\d+)*`.
  private static func isVersion(_ folded: [Unicode.Scalar]) -> Bool {
    let prefix = folded.starts(with: "iter".unicodeScalars) ? 4 : folded.first == "v" ? 1 : 0
    return isDottedNumber(Array(folded.dropFirst(prefix)))
  }

  /// Whether the part is `i?q\d(_\w)*|b?fp?(16|32)`.
  private static func isStorageType(_ folded: [Unicode.Scalar]) -> Bool {
    if ["f", "fp", "bf", "bfp"].contains(where: { folded.text == $0 + "16" || folded.text == $0 + "32" }) {
      return true
    }
    let quantized = folded.first == "i" ? folded.dropFirst() : folded[...]
    guard quantized.first == "q", let digit = quantized.dropFirst().first, digit.isDecimalDigit else { return false }
    let rest = Array(quantized.dropFirst(2))
    return rest.count % 2 == 0
      && rest.enumerated().allSatisfy { $0.offset % 2 == 0 ? $0.element == "_" : $0.element.isWordCharacter }
  }

  /// Whether the part is `(([A]|\d+[x])?\d+([._]\d+)?[KMBT][\d]?|small|mini|medium|large|x?xl)`.
  private static func isSizeLabel(_ folded: [Unicode.Scalar]) -> Bool {
    if sizeWords.contains(folded.text) { return true }
    var number = folded[...]
    if number.first == "a" {
      number.removeFirst()
    } else if let cross = number.firstIndex(of: "x") {
      guard cross > 0, number[..<cross].allSatisfy(\.isDecimalDigit) else { return false }
      number = number[(cross + 1)...]
    }
    if number.last?.isDecimalDigit == true { number.removeLast() }
    guard let unit = number.popLast(), "kmbt".unicodeScalars.contains(unit) else { return false }
    let digits = number.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "_" }
    return digits.count <= 2 && digits.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isDecimalDigit) }
  }

  private mutating func takeSizeLabel(parameterCount: Int) {
    var label = scalars.map { $0 == "_" ? "." : $0 }
    // BLOOM's notation: 7b1 is 7.1B.
    if label.count >= 2, let last = label.last, last.isDecimalDigit {
      let unit = label[label.count - 2]
      label = label.dropLast(2) + [".", last, unit]
    }
    if label.count > 1, label[label.count - 2].isDecimalDigit, let unit = label.last,
      "kmbt".unicodeScalars.contains(unit)
    {
      label[label.count - 1] = unit.properties.uppercaseMapping.unicodeScalars.first ?? unit
    }
    roles = [.sizeLabel]
    // An adapter need not change all layers: only a label of less than an eighth is a context length.
    if parameterCount < 0, let named = Self.count(label), named < Double(-parameterCount / 8) {
      roles = [.finetune]
      label = label.dropLast() + Array((label.last?.properties.lowercaseMapping ?? "").unicodeScalars)
    } else if parameterCount > 0, let named = Self.count(label) {
      // Farther off than seven eighths of the true size: `128k` is a context length then.
      let most = parameterCount / 8 * 7 + parameterCount % 8 * 7 / 8
      if (named - Double(parameterCount)).magnitude > Double(most) {
        roles = [.finetune]
        label = label.dropLast() + Array((label.last?.properties.lowercaseMapping ?? "").unicodeScalars)
      }
    }
    scalars = label
  }

  /// The number of parameters that `label` names; nil for `8x7B`, `A3B` and words.
  private static func count(_ label: [Unicode.Scalar]) -> Double? {
    guard let unit = label.last else { return nil }
    var digits = ""
    for scalar in label.dropLast() {
      if let value = scalar.properties.numericValue, scalar.isDecimalDigit {
        digits += "\(Int(value))"
      } else if scalar == "." {
        digits += "."
      } else {
        return nil
      }
    }
    // The reference looks the unit up in " KMBT"; a missing one counts as the power -1.
    let scales: [Unicode.Scalar: Double] = ["K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12]
    return Double(digits).map { $0 * (scales[unit] ?? 1e-3) }
  }
}
