import Bytes
import Tensors

/// The bytes of a storage: those of `source` from `offset` on.
struct StorageBytes {
  /// The index of the source in the file's list, which the file itself begins.
  let fileIndex: Int
  let offset: Int
  let byteCount: Int
}

/// Places tensors in the sources of a file: contiguous ones as ranges of bytes, others as sources that gather them.
struct TensorPlacer {
  /// A tensor that repeats stored elements has at most this many.
  static let maximumExpandedElementCount = 1 << 24

  /// The file, then what is unpacked or gathered from it.
  private(set) var sources: [any ByteSource]

  init(_ file: any ByteSource) { sources = [file] }

  /// Adds a source that storages are in; returns its index.
  mutating func add(_ source: any ByteSource) -> Int {
    sources.append(source)
    return sources.count - 1
  }

  /// The descriptor of a tensor, whose storage has the bytes `storage`.
  mutating func place(
    _ name: TensorName, _ record: TensorRecord, in storage: StorageBytes
  ) throws(PyTorchError) -> TensorDescriptor {
    func defect(_ defect: PyTorchError.TensorDefect) -> PyTorchError { .tensor(name, defect) }
    let size = record.type.elementByteCount, range = record.storage.range
    guard record.storage.storedByteCount <= storage.byteCount else {
      let stated = record.storage.storedByteCount
      throw defect(.shortStorage(record.storage.key, stated: stated, found: storage.byteCount))
    }
    guard (record.dimensions + record.strides).allSatisfy({ $0 >= 0 }) else {
      throw defect(.arguments(expected: "sizes from 0 up"))
    }
    guard let shape = Shape(record.dimensions) else { throw defect(.overflows) }
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: size)
    guard !overflow, let extent = Self.extent(record, size: size) else { throw defect(.overflows) }
    guard extent <= range.count else { throw defect(.beyondStorage(end: extent, byteCount: range.count)) }
    let first = storage.offset + range.lowerBound + (shape.elementCount > 0 ? record.elementOffset * size : 0)
    if Self.isContiguous(record) || shape.elementCount == 0 {
      return TensorDescriptor(
        name: name, declaredFormat: record.type.format, shape: shape, fileIndex: storage.fileIndex, fileOffset: first,
        byteCount: byteCount)
    }
    let stored = range.count / size
    guard shape.elementCount <= max(stored, Self.maximumExpandedElementCount) else {
      throw defect(.expanded(elements: shape.elementCount, stored: stored))
    }
    let base = sources[storage.fileIndex]
    let part = GatheredSource.Part(
      start: shape.dimensions.map { _ in 0 }, extents: shape.dimensions, source: base, offset: first,
      strides: zip(shape.dimensions, record.strides).map { $0 > 1 ? $1 * size : 0 })
    let path = "\(sources[0].path):\(name.text)"
    guard let view = GatheredSource(path: path, shape: shape.dimensions, elementByteCount: size, parts: [part]) else {
      throw defect(.beyondStorage(end: extent, byteCount: range.count))
    }
    return TensorDescriptor(
      name: name, declaredFormat: record.type.format, shape: shape, fileIndex: add(view), fileOffset: 0,
      byteCount: byteCount)
  }

  /// The bytes of the storage up to the end of the tensor's last element; nil if they overflow.
  private static func extent(_ record: TensorRecord, size: Int) -> Int? {
    guard !record.dimensions.contains(0) else { return 0 }
    var last = record.elementOffset
    for (dimension, stride) in zip(record.dimensions, record.strides) where dimension > 1 {
      let (distance, overflow) = (dimension - 1).multipliedReportingOverflow(by: stride)
      let (sum, isTooFar) = last.addingReportingOverflow(distance)
      guard !overflow, !isTooFar else { return nil }
      last = sum
    }
    let (count, overflow) = last.addingReportingOverflow(1)
    let (bytes, isTooFar) = count.multipliedReportingOverflow(by: size)
    return overflow || isTooFar ? nil : bytes
  }

  /// Whether the elements are adjacent, the last dimension fastest. Strides of dimensions of 1 say nothing.
  private static func isContiguous(_ record: TensorRecord) -> Bool {
    var expected = 1
    for (dimension, stride) in zip(record.dimensions, record.strides).reversed() where dimension != 1 {
      guard stride == expected else { return false }
      // It was multiplied before, as part of the shape.
      expected &*= dimension
    }
    return true
  }
}
