extension StreamMixture {
  /// The definition of `predicted`, element by element.
  func predictedReference(_ streams: Matrix, _ coefficients: Matrix) -> Matrix {
    let width = streams.columnCount / streamCount
    return mapping(streams) { position, q, column in
      var sum: Float = 0
      for p in 0..<streamCount {
        sum +=
          coefficients.values[position * coefficients.columnCount + q * streamCount + p]
          * streams.values[position * streams.columnCount + p * width + column]
      }
      return sum + streams.values[position * streams.columnCount + q * width + column]
    }
  }

  /// The definition of `corrected`, element by element.
  func correctedReference(_ predictions: Matrix, by innovation: Matrix, _ coefficients: Matrix) -> Matrix {
    let width = innovation.columnCount
    return mapping(predictions) { position, q, column in
      let factor = 1 + coefficients.values[position * streamCount + q]
      return predictions.values[position * predictions.columnCount + q * width + column]
        + factor * innovation.values[position * width + column]
    }
  }

  private func mapping(_ streams: Matrix, _ value: (Int, Int, Int) -> Float) -> Matrix {
    let width = streams.columnCount / streamCount
    var result = streams
    for position in 0..<streams.rowCount {
      for stream in 0..<streamCount {
        for column in 0..<width {
          result.values[position * streams.columnCount + stream * width + column] = value(position, stream, column)
        }
      }
    }
    return result
  }
}
