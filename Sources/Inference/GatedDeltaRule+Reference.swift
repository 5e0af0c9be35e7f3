extension GatedDeltaRule {
  /// The definition of the result, by the formula: products are rounded before they are added, sums run over the rows of
  /// the state in order.
  func reference() -> Matrix {
    let depth = sizes.keyDimension, width = sizes.valueDimension
    var result = Matrix(rowCount: value.rowCount, columnCount: value.columnCount)
    for head in 0..<sizes.valueHeadCount {
      let keyHead = head / (sizes.valueHeadCount / sizes.keyHeadCount)
      var state = [[Float]](repeating: [Float](repeating: 0, count: width), count: depth)
      for position in 0..<value.rowCount {
        let q = Array(query[row: position].dropFirst(keyHead * depth).prefix(depth))
        let k = Array(key[row: position].dropFirst(keyHead * depth).prefix(depth))
        let v = Array(value[row: position].dropFirst(head * width).prefix(width))
        let decay = decay.values[position * sizes.valueHeadCount + head]
        let update = update.values[position * sizes.valueHeadCount + head]
        for column in 0..<width {
          var known: Float = 0
          for row in 0..<depth {
            state[row][column] *= decay
            known += state[row][column] * k[row]
          }
          let change = (v[column] - known) * update
          var sum: Float = 0
          for row in 0..<depth {
            state[row][column] += change * k[row]
            sum += state[row][column] * q[row]
          }
          result.values[position * value.columnCount + head * width + column] = sum
        }
      }
    }
    return result
  }
}
