/// A set of Unicode scalars in a regular expression: ranges, categories, white space, and nested sets.
struct ScalarSet: Hashable, Sendable {
  /// A member of a set.
  enum Item: Hashable, Sendable {
    case range(ClosedRange<UInt32>)
    /// General categories, a bit each; see `ScalarFacts`.
    case categories(UInt32)
    case whiteSpace
    case set(ScalarSet)
  }

  let isInverted: Bool
  private let items: [Item]
  /// The members below 128: bit `n` of the pair is scalar `n`.
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init(_ items: [Item], isInverted: Bool = false) {
    self.items = items
    self.isInverted = isInverted
    var low: UInt64 = 0, high: UInt64 = 0
    for value in UInt32(0)..<128 where search(value) {
      if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
    }
    self.low = low
    self.high = high
  }

  /// Whether the set contains the scalar `value`.
  func contains(_ value: UInt32) -> Bool {
    if value < 64 { return low >> UInt64(value) & 1 != 0 }
    if value < 128 { return high >> UInt64(value - 64) & 1 != 0 }
    return search(value)
  }

  private func search(_ value: UInt32) -> Bool {
    let facts = ScalarFacts.of(value)
    for item in items {
      let isMember =
        switch item {
        case .range(let range): range.contains(value)
        case .categories(let mask): mask >> UInt32(facts & ScalarFacts.categoryMask) & 1 != 0
        case .whiteSpace: facts & ScalarFacts.whiteSpace != 0
        case .set(let set): set.contains(value)
        }
      if isMember { return !isInverted }
    }
    return isInverted
  }
}

extension ScalarSet {
  /// The scalars that are in `last` and in all of `others`, or those that are not.
  static func intersection(of others: [ScalarSet], _ last: ScalarSet, isInverted: Bool) -> ScalarSet {
    guard !others.isEmpty else { return ScalarSet(last.items, isInverted: isInverted) }
    // What is in none of the complements is in all sets.
    let complements = (others + [last]).map { Item.set(ScalarSet($0.items, isInverted: true)) }
    return ScalarSet(complements, isInverted: !isInverted)
  }
}

extension ScalarSet.Item {
  /// The members of `\p{name}`: a general category, or the script `Han`; nil for other names.
  static func property(_ name: String) -> [ScalarSet.Item]? {
    if name == "Han" { return ScalarSet.han.map { .range($0) } }
    return ScalarFacts.categories(name).map { [.categories($0)] }
  }
}

/// The properties of a scalar that sets test: its general category and whether it is white space, in one byte.
enum ScalarFacts {
  static let categoryMask: UInt8 = 0x1F
  static let whiteSpace: UInt8 = 0x80

  /// The properties of the scalar `value`.
  static func of(_ value: UInt32) -> UInt8 {
    value < 0x10000 ? basicPlane[Int(value)] : compute(value)
  }

  /// The category bits of `\p{name}`, such as `L` or `Lu`; nil for unknown names.
  static func categories(_ name: String) -> UInt32? {
    var mask: UInt32 = 0
    for (index, abbreviation) in names.enumerated()
    where abbreviation == name || (name.count == 1 && abbreviation.hasPrefix(name)) {
      mask |= 1 << UInt32(index)
    }
    return mask == 0 ? nil : mask
  }

  private static let names = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
    "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
  ]

  private static let basicPlane: [UInt8] = (0..<0x10000).map { compute($0) }

  private static func compute(_ value: UInt32) -> UInt8 {
    guard let scalar = Unicode.Scalar(value) else { return 27 }
    let index: UInt8 =
      switch scalar.properties.generalCategory {
      case .uppercaseLetter: 0
      case .lowercaseLetter: 1
      case .titlecaseLetter: 2
      case .modifierLetter: 3
      case .otherLetter: 4
      case .nonspacingMark: 5
      case .spacingMark: 6
      case .enclosingMark: 7
      case .decimalNumber: 8
      case .letterNumber: 9
      case .otherNumber: 10
      case .connectorPunctuation: 11
      case .dashPunctuation: 12
      case .openPunctuation: 13
      case .closePunctuation: 14
      case .initialPunctuation: 15
      case .finalPunctuation: 16
      case .otherPunctuation: 17
      case .mathSymbol: 18
      case .currencySymbol: 19
      case .modifierSymbol: 20
      case .otherSymbol: 21
      case .spaceSeparator: 22
      case .lineSeparator: 23
      case .paragraphSeparator: 24
      case .control: 25
      case .format: 26
      case .surrogate: 27
      case .privateUse: 28
      case .unassigned: 29
      @unknown default: 29
      }
    return index | (scalar.properties.isWhitespace ? whiteSpace : 0)
  }
}
