using System.Collections;
using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A model's weights by their names in the checkpoint, in the order of the forward pass. They are the model's and go with it.</summary>
public sealed class ModelParameters : IReadOnlyDictionary<string, Tensor>
{
    private readonly List<string> names = [];
    private readonly Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);

    internal ModelParameters()
    {
    }

    /// <inheritdoc />
    public int Count => names.Count;

    /// <inheritdoc />
    public IEnumerable<string> Keys => names;

    /// <inheritdoc />
    public IEnumerable<Tensor> Values => names.Select(name => tensors[name]);

    /// <summary>Number of single values in all tensors.</summary>
    public long ElementCount => tensors.Values.Sum(tensor => tensor.numel());

    /// <inheritdoc />
    public Tensor this[string key] => tensors[key];

    /// <inheritdoc />
    public bool ContainsKey(string key) => tensors.ContainsKey(key);

    /// <inheritdoc />
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out Tensor value) => tensors.TryGetValue(key, out value);

    /// <inheritdoc />
    public IEnumerator<KeyValuePair<string, Tensor>> GetEnumerator()
    {
        foreach (string name in names) yield return new KeyValuePair<string, Tensor>(name, tensors[name]);
    }

    /// <inheritdoc />
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Frees the tensors; for the model that owns them.</summary>
    internal void Release()
    {
        foreach (Tensor tensor in tensors.Values) tensor.Dispose();
    }

    /// <summary>Takes ownership of the tensor, out of any dispose scope.</summary>
    internal void Add(string name, Tensor tensor)
    {
        tensors.Add(name, tensor.DetachFromDisposeScope());
        names.Add(name);
    }
}
