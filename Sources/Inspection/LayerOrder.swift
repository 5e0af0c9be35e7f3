extension [String] {
  /// The indices of tensor names with layers in the order of their numbers, and everything else where it is.
  ///
  /// A layer's number is the first of the parts between full stops that has only digits. Names with the same text before it are
  /// a group, which is where the first of them is: of `a.10`, `a.2`, `b` the order is 1, 0, 2. Names of one layer keep their
  /// order.
  public var indicesInLayerOrder: [Int] {
    var places: [String: Int] = [:]
    let keys = indices.map { index in
      let parts = self[index].split(separator: ".", omittingEmptySubsequences: false)
      guard let number = parts.firstIndex(where: { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
      else {
        return (place: index, number: 0)
      }
      let prefix = parts[..<number].joined(separator: ".")
      let place = places[prefix] ?? index
      places[prefix] = place
      return (place: place, number: Int(parts[number]) ?? .max)
    }
    return indices.sorted {
      (keys[$0].place, keys[$0].number, $0) < (keys[$1].place, keys[$1].number, $1)
    }
  }
}
