// The names that pickles of PyTorch ask to import, by what is done in their place. Nothing is imported.

extension PickleGlobal {
  /// The result of a call.
  enum Meaning {
    /// A tensor: storage, offset, shape, strides, …
    case tensor(typeIndex: Int?)
    /// What its first argument is: parameters, variables, tensors of a device.
    case wrapper
    /// A call of its first argument with its third.
    case call
    /// A tensor that is not a box of a storage, in words.
    case otherTensor(String)
  }

  /// The meaning of a call of this name; nil for one that makes no tensor.
  var meaning: Meaning? { Self.meanings[description] }

  private static let meanings: [String: Meaning] = [
    "torch._utils._rebuild_tensor": .tensor(typeIndex: nil), "torch._utils._rebuild_tensor_v2": .tensor(typeIndex: nil),
    "torch._utils._rebuild_tensor_v3": .tensor(typeIndex: 6),
    "torch._utils._rebuild_parameter": .wrapper, "torch._utils._rebuild_parameter_with_state": .wrapper,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": .wrapper, "torch.nn.parameter.Parameter": .wrapper,
    "torch.autograd.variable.Variable": .wrapper, "torch.nn.parameter.Buffer": .wrapper,
    "torch._tensor._rebuild_from_type_v2": .call,
    "torch._utils._rebuild_qtensor": .otherTensor("quantized tensor"),
    "torch._utils._rebuild_sparse_tensor": .otherTensor("sparse tensor"),
    "torch._utils._rebuild_sparse_csr_tensor": .otherTensor("sparse tensor"),
    "torch._utils._rebuild_nested_tensor": .otherTensor("nested tensor"),
    "torch._utils._rebuild_meta_tensor_no_storage": .otherTensor("tensor without data"),
    "torch._utils._rebuild_wrapper_subclass": .otherTensor("tensor of another class"),
    "torch._utils._rebuild_xla_tensor": .otherTensor("array of NumPy"),
    "torch._utils._rebuild_device_tensor_from_numpy": .otherTensor("array of NumPy"),
    "numpy.core.multiarray._reconstruct": .otherTensor("array of NumPy"),
    "numpy._core.multiarray._reconstruct": .otherTensor("array of NumPy"),
  ]

  /// Whether the name is one that state dicts have, so that it needs no remark.
  var isExpected: Bool {
    meaning != nil || Self.harmless.contains(description)
      || ["torch", "torch.cuda", "torch.storage"].contains(module)
        && (PyTorchType.byStorage[name] != nil || PyTorchType.untypedStorages.contains(name)
          || PyTorchType.byName[name] != nil || name == "TypedStorage")
  }

  /// Containers and values that are read, or that say nothing of tensors.
  private static let harmless: Set<String> = [
    "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "argparse.Namespace", "torch.Size",
    "torch.device", "torch.serialization._get_layout", "torch.Tensor", "torch.FloatTensor", "torch._tensor.Tensor",
    "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.ndarray", "numpy.dtype", "_codecs.encode",
    "builtins.set",
    "__builtin__.set", "builtins.dict", "builtins.list", "builtins.slice", "builtins.complex", "builtins.bytearray",
    "__builtin__.bytearray", "datetime.timedelta", "pathlib.PosixPath", "pathlib._local.PosixPath",
  ]
}
