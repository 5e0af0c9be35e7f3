// What a misspelled name was meant to be, for "did you mean …?" in messages.

extension String {
  /// The candidate with the fewest edits to this name; nil if each needs more than a quarter of its letters, or than one.
  ///
  /// Upper and lower case count as equal, and a candidate with the same letters and digits needs no edit (`Q4KM`,
  /// `Q4_K_M`). Of several candidates with as few edits the first in the alphabet is given.
  ///
  /// - Complexity: O(letters of this name × letters of all candidates); names beyond `nameLimit` are not compared.
  public func nearest(among candidates: some Sequence<String>) -> String? {
    let own = Array(lowercased().utf8)
    guard !own.isEmpty, own.count <= Self.nameLimit else { return nil }
    // Of one or two letters every other name is near.
    let limit = own.count < 3 ? 0 : Swift.max(1, own.count / 4)
    var best: (edits: Int, name: String)?
    for name in candidates {
      let isSpelledAlike = limit > 0 && name.utf8.count <= Self.nameLimit && lettersAndDigits == name.lettersAndDigits
      guard isSpelledAlike || name.utf8.count.distance(to: own.count).magnitude <= limit else { continue }
      let edits = isSpelledAlike ? 0 : Self.edits(own, Array(name.lowercased().utf8))
      guard edits <= limit, best.map({ (edits, name) < ($0.edits, $0.name) }) ?? true else { continue }
      best = (edits, name)
    }
    return best?.name
  }

  /// The ASCII letters, in lower case, and digits.
  private var lettersAndDigits: [UInt8] {
    utf8.compactMap { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): byte
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
      default: nil
      }
    }
  }

  /// A longer name comes from a broken or hostile file.
  private static let nameLimit = 128

  /// Insertions, deletions, substitutions and exchanges of two adjacent bytes that make `other` of `own`
  /// (optimal string alignment).
  private static func edits(_ own: [UInt8], _ other: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...other.count)
    for row in own.indices {
      var current = [row + 1]
      for column in other.indices {
        let isEqual = own[row] == other[column]
        var fewest = Swift.min(last[column + 1] + 1, current[column] + 1, last[column] + (isEqual ? 0 : 1))
        if row > 0, column > 0, own[row] == other[column - 1], own[row - 1] == other[column] {
          fewest = Swift.min(fewest, beforeLast[column - 1] + 1)
        }
        current.append(fewest)
      }
      (beforeLast, last) = (last, current)
    }
    return last[other.count]
  }
}

/// ` (did you mean "qwen2"?)` with the nearest of the candidates, or nothing if none is near.
public func didYouMean(_ name: String, among candidates: some Sequence<String>) -> String {
  name.nearest(among: candidates).map { " (did you mean \($0.quoted)?)" } ?? ""
}
