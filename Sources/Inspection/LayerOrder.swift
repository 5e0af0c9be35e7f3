extension String {
  /// The parts between full stops, and the index of the first that has only digits: the number of a layer.
  private var partsAndLayer: (parts: [Substring], number: Int?) {
    let parts = split(separator: ".", omittingEmptySubsequences: false)
    return (parts, parts.firstIndex { $0.isNumber })
  }

  /// A tensor name up to the number of its layer: `blk.12` of `blk.12.attn_q.weight`; nil outside layers.
  var layerPrefix: String? {
    let (parts, number) = partsAndLayer
    return number.map { parts[...$0].joined(separator: ".") }
  }

  /// A tensor name with `*` for the numbers of layers and experts.
  var withoutNumbers: String {
    split(separator: ".", omittingEmptySubsequences: false).map { $0.isNumber ? "*" : $0 }.joined(separator: ".")
  }

  /// Whether a tensor name comes before another if numbers between full stops are compared by value.
  func precedesByNumbers(_ other: String) -> Bool {
    let left = split(separator: ".", omittingEmptySubsequences: false)
    let right = other.split(separator: ".", omittingEmptySubsequences: false)
    for (one, two) in zip(left, right) where one != two {
      if one.isNumber, two.isNumber, let first = Int(one), let second = Int(two), first != second {
        return first < second
      }
      return one < two
    }
    return left.count < right.count
  }

  /// The layer's place: the text before its number, and the number.
  fileprivate var layerKey: (prefix: String, number: Int)? {
    let (parts, number) = partsAndLayer
    return number.map { (parts[..<$0].joined(separator: "."), Int(parts[$0]) ?? .max) }
  }
}

extension Substring {
  fileprivate var isNumber: Bool { !isEmpty && utf8.allSatisfy { (48...57).contains($0) } }
}

extension [String] {
  /// The indices of tensor names with layers in the order of their numbers, and everything else where it is.
  ///
  /// A layer's number is the first of the parts between full stops that has only digits. Names with the same text before it are
  /// a group, which is where the first of them is: of `a.10`, `a.2`, `b` the order is 1, 0, 2. Names of one layer keep their
  /// order.
  public var indicesInLayerOrder: [Int] {
    var places: [String: Int] = [:]
    let keys = indices.map { index in
      guard let (prefix, number) = self[index].layerKey else { return (place: index, number: 0) }
      let place = places[prefix] ?? index
      places[prefix] = place
      return (place: place, number: number)
    }
    return indices.sorted {
      (keys[$0].place, keys[$0].number, $0) < (keys[$1].place, keys[$1].number, $1)
    }
  }
}
