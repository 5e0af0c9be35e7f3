/// The copy of a box of an array from one source: as many reads as the stored order needs, each as long as it allows.
struct StridedCopy {
  /// A dimension of the box: its elements, and the bytes from one to the next in the source and in the array.
  private struct Dimension {
    let count: Int, sourceStride: Int, targetStride: Int
  }

  /// The bytes that are read at a time where elements are not adjacent.
  private static let scratchByteCount = 1 << 20
  /// Where adjacent elements are farther apart than this many of them, they are read one by one.
  private static let sparsity = 256

  private let source: any ByteSource
  private let elementByteCount: Int
  private let sourceOffset: Int, targetOffset: Int
  /// The dimensions by their distance in the source, the farthest first, so that reads are long and go forward.
  private let dimensions: [Dimension]

  /// The copy of what `box` and `part` have in common; nil if that is nothing.
  ///
  /// - Parameter firstElement: the row-major position in the array of the first element of the target.
  init?(of box: GatheredSource.Box, in array: GatheredSource, _ part: GatheredSource.Part, firstElement: Int) {
    elementByteCount = array.elementByteCount
    source = part.source
    var targetStride = elementByteCount
    var sourceOffset = part.offset, targetOffset = -firstElement * elementByteCount
    var dimensions: [Dimension] = []
    for index in array.shape.indices.reversed() {
      let own = box.start[index]..<box.start[index] + box.extents[index]
      let common = own.clamped(to: part.start[index]..<part.start[index] + part.extents[index])
      guard !common.isEmpty else { return nil }
      sourceOffset += (common.lowerBound - part.start[index]) * part.strides[index]
      targetOffset += common.lowerBound * targetStride
      if common.count > 1 {
        let inner = Dimension(count: common.count, sourceStride: part.strides[index], targetStride: targetStride)
        dimensions.append(inner)
      }
      targetStride *= array.shape[index]
    }
    self.sourceOffset = sourceOffset
    self.targetOffset = targetOffset
    // A repeated element is read again for each repetition.
    let ordered = dimensions.reversed().sorted { left, right in
      (left.sourceStride == 0 ? .max : left.sourceStride) > (right.sourceStride == 0 ? .max : right.sourceStride)
    }
    self.dimensions = Self.merged(ordered)
  }

  /// Adjacent dimensions that are one in the source and in the array.
  private static func merged(_ dimensions: [Dimension]) -> [Dimension] {
    var merged: [Dimension] = []
    for dimension in dimensions {
      if let outer = merged.last, outer.sourceStride == dimension.count * dimension.sourceStride,
        outer.targetStride == dimension.count * dimension.targetStride
      {
        merged[merged.count - 1] = Dimension(
          count: outer.count * dimension.count, sourceStride: dimension.sourceStride,
          targetStride: dimension.targetStride)
      } else {
        merged.append(dimension)
      }
    }
    return merged
  }

  func run(into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    var scratch: [UInt8] = []
    try copy(dimensions[...], from: sourceOffset, to: position + targetOffset, into: &buffer, &scratch)
  }

  private func copy(
    _ dimensions: ArraySlice<Dimension>, from start: Int, to target: Int, into buffer: inout MutableRawSpan,
    _ scratch: inout [UInt8]
  ) throws(FileError) {
    guard let first = dimensions.first else {
      return try source.read(at: start, count: elementByteCount, into: &buffer, at: target)
    }
    guard dimensions.count == 1 else {
      for index in 0..<first.count {
        try copy(
          dimensions.dropFirst(), from: start + index * first.sourceStride, to: target + index * first.targetStride,
          into: &buffer, &scratch)
      }
      return
    }
    if first.sourceStride == elementByteCount, first.targetStride == elementByteCount {
      return try source.read(at: start, count: first.count * elementByteCount, into: &buffer, at: target)
    }
    let isDense = first.sourceStride <= elementByteCount * Self.sparsity
    let chunk = isDense ? max(1, Self.scratchByteCount / max(elementByteCount, first.sourceStride)) : 1
    for index in stride(from: 0, to: first.count, by: chunk) {
      let count = min(chunk, first.count - index)
      let byteCount = (count - 1) * first.sourceStride + elementByteCount
      try source.read(at: start + index * first.sourceStride, count: byteCount, into: &scratch)
      scatter(
        scratch, count, from: first.sourceStride, into: &buffer, at: target + index * first.targetStride,
        first.targetStride)
    }
  }

  /// Copies `count` elements between two distances.
  private func scatter(
    _ scratch: [UInt8], _ count: Int, from sourceStride: Int, into buffer: inout MutableRawSpan, at target: Int,
    _ targetStride: Int
  ) {
    let source = scratch.span.bytes
    func move<Element: BitwiseCopyable>(_: Element.Type, at part: Int = 0) {
      for index in 0..<count {
        let element = source.unsafeLoadUnaligned(fromByteOffset: index * sourceStride + part, as: Element.self)
        buffer.storeBytes(of: element, toByteOffset: target + index * targetStride + part, as: Element.self)
      }
    }
    switch elementByteCount {
    case 1: move(UInt8.self)
    case 2: move(UInt16.self)
    case 4: move(UInt32.self)
    case 8: move(UInt64.self)
    default: for part in 0..<elementByteCount { move(UInt8.self, at: part) }
    }
  }
}
