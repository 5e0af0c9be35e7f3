import Models

extension ConversionPlan {
  /// Cuts the output into parts that together have every byte after the headers.
  func parts(_ cut: PartCut) -> [PlanPart] {
    let units = units
    let ends: [Int] =
      switch cut {
      case .count(let count):
        units.ends(count: count) + [Int](repeating: units.count, count: max(0, count - units.count))
      case .byteCount(let limit): units.ends(byteCount: limit)
      }
    return ends.indices.map { index in
      let part = units[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
      var ranges: [(fileIndex: Int, range: Range<Int>)] = []
      for unit in part {
        if let last = ranges.last, last.fileIndex == unit.fileIndex {
          ranges[ranges.count - 1].range = last.range.lowerBound..<unit.range.upperBound
        } else {
          ranges.append((unit.fileIndex, unit.range))
        }
      }
      return PlanPart(index, ranges)
    }
  }

  /// The smallest ranges of all files that a part can have, in order; each reaches to the next.
  private var units: [PartUnit] {
    files.enumerated().flatMap { fileIndex, file in
      var starts: [(offset: Int, isTensor: Bool, seconds: Double)] = []
      for index in file.tensors.indices.sorted(by: { file.tensors[$0].fileOffset < file.tensors[$1].fileOffset }) {
        let tensor = file.tensors[index]
        for (offset, byteCount, rows) in tensor.pieces(tensorIndex: index) {
          let seconds = tensor.estimatedSeconds(byteCount: byteCount, rows: rows)
          starts.append((tensor.fileOffset + offset, offset == 0, seconds))
        }
      }
      return starts.indices.map { index in
        let end = index + 1 < starts.count ? starts[index + 1].offset : file.byteCount
        let start = index == 0 ? min(file.header.count, starts[0].offset) : starts[index].offset
        return PartUnit(
          fileIndex: fileIndex, range: start..<end, startsTensor: starts[index].isTensor,
          seconds: starts[index].seconds)
      }
    }
  }
}

extension PlannedTensor {
  /// What a thread does at a time: slabs, or ranges of bytes that are copied.
  fileprivate func pieces(tensorIndex: Int) -> [(offset: Int, byteCount: Int, rows: Range<Int>)] {
    guard isCopy else {
      return slabs(tensorIndex: tensorIndex).map { ($0.byteOffset, $0.byteCount, $0.rows) }
        .filter { $0.1 > 0 }
    }
    return stride(from: 0, to: byteCount, by: Executor.copyByteCount).map {
      ($0, min(Executor.copyByteCount, byteCount - $0), 0..<0)
    }
  }
}

/// A range of a file that is made as a whole.
private struct PartUnit {
  let fileIndex: Int
  let range: Range<Int>
  /// Whether a tensor begins here.
  let startsTensor: Bool
  let seconds: Double
}

extension [PartUnit] {
  /// How far from the ideal place a cut may be to be between two tensors, in parts.
  private static var tolerance: Double { 0.25 }

  /// The ends of `count` parts of about equal work, or of as many as there are units.
  func ends(count: Int) -> [Int] {
    let count = Swift.min(Swift.max(1, count), self.count)
    guard count > 0 else { return [] }
    var sums = [0.0]
    for unit in self { sums.append(sums[sums.count - 1] + unit.seconds) }
    let share = sums[self.count] / Double(count)
    var ends: [Int] = [], position = 0
    for number in 1..<count {
      let ideal = share * Double(number)
      let allowed = (ends.last ?? 0) + 1...self.count - (count - number)
      while position < self.count, sums[position] < ideal { position += 1 }
      if position > 0, ideal - sums[position - 1] < sums[position] - ideal { position -= 1 }
      let nearest = Swift.min(Swift.max(position, allowed.lowerBound), allowed.upperBound)
      ends.append(tensorStart(near: nearest, in: allowed, sums, ideal, within: share * Self.tolerance) ?? nearest)
    }
    return ends + [self.count]
  }

  /// The beginning of a tensor that is nearest to `place`, if the work up to it differs from `ideal` by at most `tolerance`.
  private func tensorStart(
    near place: Int, in allowed: ClosedRange<Int>, _ sums: [Double], _ ideal: Double, within tolerance: Double
  ) -> Int? {
    var (before, after) = (place, place + 1)
    while true {
      let hasBefore = before >= allowed.lowerBound && abs(ideal - sums[before]) <= tolerance
      let hasAfter = after <= allowed.upperBound && abs(sums[after] - ideal) <= tolerance
      guard hasBefore || hasAfter else { return nil }
      if hasBefore, self[before].startsTensor { return before }
      if hasAfter, self[after].startsTensor { return after }
      before -= hasBefore ? 1 : 0
      after += hasAfter ? 1 : 0
    }
  }

  /// The ends of parts of at most `limit` bytes, unless one unit has more.
  func ends(byteCount limit: Int) -> [Int] {
    var ends: [Int] = [], start = 0, byteCount = 0, lastTensor: (index: Int, byteCount: Int)?
    var index = 0
    while index < count {
      let unit = self[index]
      if unit.startsTensor, index > start { lastTensor = (index, byteCount) }
      guard index > start, byteCount + unit.range.count > limit else {
        byteCount += unit.range.count
        index += 1
        continue
      }
      // A part that is half full may end with a tensor.
      let end = lastTensor.flatMap { $0.byteCount >= limit / 2 ? $0.index : nil } ?? index
      ends.append(end)
      (start, index, byteCount, lastTensor) = (end, end, 0, nil)
    }
    return count > start ? ends + [count] : ends
  }
}
