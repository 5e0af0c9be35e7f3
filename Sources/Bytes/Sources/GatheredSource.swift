/// The bytes of an array, last dimension fastest, whose parts other sources store in any order of dimensions.
///
/// A transposed view of stored bytes has one part; an array that was split among files has several. Nothing is read
/// before it is asked for, and reading takes at most about a megabyte beside the caller's buffer.
public struct GatheredSource: ByteSource {
  /// A box of the array and where its elements are stored.
  public struct Part: Sendable {
    /// The index of the box's first element in each dimension, and the number of elements.
    public let start: [Int], extents: [Int]
    public let source: any ByteSource
    /// The offset in `source` of the first element.
    public let offset: Int
    /// The bytes from an element to the next in each dimension; 0 where one element is repeated.
    public let strides: [Int]

    public init(start: [Int], extents: [Int], source: any ByteSource, offset: Int, strides: [Int]) {
      self.start = start
      self.extents = extents
      self.source = source
      self.offset = offset
      self.strides = strides
    }

    /// The bytes from the first to the end of the last element; nil if numbers are negative or overflow.
    func byteCount(elementByteCount: Int) -> Int? {
      guard !extents.contains(0) else { return 0 }
      var last = 0
      for (extent, stride) in zip(extents, strides) {
        let (distance, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
        let (sum, isTooFar) = last.addingReportingOverflow(distance)
        guard extent > 0, stride >= 0, !overflow, !isTooFar else { return nil }
        last = sum
      }
      let (end, overflow) = last.addingReportingOverflow(elementByteCount)
      return overflow ? nil : end
    }
  }

  public let path: String
  public let byteCount: Int
  /// The dimensions of the array, and the bytes of an element.
  let shape: [Int], elementByteCount: Int
  let parts: [Part]

  /// An array of `shape`, of which `parts` contain each element once.
  ///
  /// - Returns: nil if a part reaches beyond the array or its source, or if a number overflows. That the parts leave nothing
  ///   out is the caller's to know: elements in no part read as 0.
  public init?(path: String, shape: [Int], elementByteCount: Int, parts: [Part]) {
    var byteCount = elementByteCount
    guard elementByteCount > 0 else { return nil }
    for extent in shape {
      let (next, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      byteCount = next
    }
    for part in parts {
      let ranks = [part.start.count, part.extents.count, part.strides.count]
      guard ranks.allSatisfy({ $0 == shape.count }), part.offset >= 0,
        let count = part.byteCount(elementByteCount: elementByteCount),
        count == 0 || part.offset <= part.source.byteCount && count <= part.source.byteCount - part.offset
      else { return nil }
      for dimension in shape.indices {
        let (end, overflow) = part.start[dimension].addingReportingOverflow(part.extents[dimension])
        guard part.start[dimension] >= 0, part.extents[dimension] >= 0, !overflow, end <= shape[dimension] else {
          return nil
        }
      }
    }
    self.path = path
    self.byteCount = byteCount
    self.shape = shape
    self.elementByteCount = elementByteCount
    self.parts = parts
  }

  public func requireUnchanged() throws(FileError) {
    for part in parts { try part.source.requireUnchanged() }
  }

  public var storedFiles: [any ByteSource] { parts.flatMap(\.source.storedFiles) }

  public func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    guard count > 0 else { return }
    guard offset >= 0, offset <= byteCount, count <= byteCount - offset else {
      throw .endsEarly(path: path, offset: byteCount, expected: offset &+ count)
    }
    let size = elementByteCount
    let elements = offset / size..<(offset + count - 1) / size + 1
    guard offset % size == 0, count % size == 0 else {
      // Ends within elements: whole ones are read, and cut.
      var whole = [UInt8](repeating: 0, count: elements.count * size)
      try read(at: elements.lowerBound * size, count: whole.count, into: &whole)
      let head = offset - elements.lowerBound * size
      for index in 0..<count {
        buffer.storeBytes(of: whole[head + index], toByteOffset: position + index, as: UInt8.self)
      }
      return
    }
    for box in Box.boxes(of: elements, in: shape) {
      for part in parts {
        guard let copy = StridedCopy(of: box, in: self, part, firstElement: elements.lowerBound) else { continue }
        try copy.run(into: &buffer, at: position)
      }
    }
  }
}

extension GatheredSource {
  /// A range of indices in each dimension of an array.
  struct Box: Equatable {
    var start: [Int], extents: [Int]

    /// The boxes that together have the elements of a range of row-major positions, which lies within the array.
    static func boxes(of elements: Range<Int>, in shape: [Int]) -> [Box] {
      guard !elements.isEmpty else { return [] }
      guard !shape.isEmpty else { return [Box(start: [], extents: [])] }
      let inner = Array(shape.dropFirst()), width = inner.reduce(1, *)
      guard !inner.isEmpty else { return [Box(start: [elements.lowerBound], extents: [elements.count])] }
      var boxes: [Box] = []
      /// Adds the elements of one index of the first dimension.
      func add(_ range: Range<Int>) {
        let index = range.lowerBound / width
        let own = range.lowerBound - index * width..<range.upperBound - index * width
        for box in Self.boxes(of: own, in: inner) {
          boxes.append(Box(start: [index] + box.start, extents: [1] + box.extents))
        }
      }
      let first = (elements.lowerBound + width - 1) / width, last = elements.upperBound / width
      guard first < last else {
        // No index has all of its elements in the range: it has parts of one index or of two.
        let middle = min(elements.upperBound, first * width)
        if elements.lowerBound < middle { add(elements.lowerBound..<middle) }
        if middle < elements.upperBound { add(middle..<elements.upperBound) }
        return boxes
      }
      if elements.lowerBound < first * width { add(elements.lowerBound..<first * width) }
      boxes.append(Box(start: [first] + inner.map { _ in 0 }, extents: [last - first] + inner))
      if last * width < elements.upperBound { add(last * width..<elements.upperBound) }
      return boxes
    }
  }
}
