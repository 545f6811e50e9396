using System.Collections;
using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A model's weights by their names in the checkpoint, in the order of the forward pass. They are the model's and go with it.</summary>
public sealed class ModelParameters : IReadOnlyDictionary<string, Tensor>
{
    private readonly List<string> names = [];
    private readonly Dictionary<string, Parameter> parameters = new(StringComparer.Ordinal);

    internal ModelParameters()
    {
    }

    /// <inheritdoc />
    public int Count => names.Count;

    /// <inheritdoc />
    public IEnumerable<string> Keys => names;

    /// <inheritdoc />
    public IEnumerable<Tensor> Values => All.Select(parameter => parameter.Value);

    /// <summary>Number of single values in all tensors.</summary>
    public long ElementCount => parameters.Values.Sum(parameter => parameter.Value.numel());

    /// <summary>The parameters in order.</summary>
    internal IEnumerable<Parameter> All => names.Select(name => parameters[name]);

    /// <inheritdoc />
    public Tensor this[string key] => parameters[key].Value;

    /// <inheritdoc />
    public bool ContainsKey(string key) => parameters.ContainsKey(key);

    /// <inheritdoc />
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out Tensor value)
    {
        value = parameters.GetValueOrDefault(key)?.Value;
        return value is not null;
    }

    /// <inheritdoc />
    public IEnumerator<KeyValuePair<string, Tensor>> GetEnumerator()
    {
        foreach (string name in names) yield return new KeyValuePair<string, Tensor>(name, parameters[name].Value);
    }

    /// <inheritdoc />
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The parameter of a name.</summary>
    internal Parameter Find(string name) => parameters[name];

    /// <summary>Frees the tensors; for the model that owns them.</summary>
    internal void Release()
    {
        foreach (Parameter parameter in parameters.Values)
        {
            parameter.ReleaseGradient();
            parameter.Value.Dispose();
        }
    }

    /// <summary>Takes ownership of the tensor, out of any dispose scope.</summary>
    internal void Add(string name, Tensor tensor)
    {
        parameters.Add(name, new Parameter(name, tensor.DetachFromDisposeScope()));
        names.Add(name);
    }
}
