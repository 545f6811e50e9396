using System.Collections;
using System.Diagnostics.CodeAnalysis;
using LongContext.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A model's weights by their names in the checkpoint, in the order of the forward pass. They are the model's and go with it.</summary>
/// <remarks>
/// A quantised matrix (<see cref="ModelLoadOptions.WeightQuantization"/>) is listed as the bytes that hold its codes;
/// <see cref="Dequantize"/> gives its values.
/// </remarks>
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
    public long ElementCount => parameters.Values.Sum(parameter => parameter.Shape.Aggregate(1L, (count, size) => count * size));

    /// <summary>The parameters in order.</summary>
    internal IEnumerable<Parameter> All => names.Select(name => parameters[name]);

    /// <summary>The linear maps made of these weights, in the order in which they were made.</summary>
    internal List<Linear> Linears { get; } = [];

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

    /// <summary>A copy of a weight's values: of a quantised one what the model computes with.</summary>
    /// <param name="key">The weight's name.</param>
    /// <param name="dataType">Type of the copy; for a quantised weight a floating-point type.</param>
    /// <returns>A tensor of the weight's shape, which is the caller's to dispose.</returns>
    /// <exception cref="KeyNotFoundException">There is no such weight.</exception>
    public Tensor Dequantize(string key, ScalarType dataType)
    {
        Parameter parameter = parameters[key];
        using var noGradient = no_grad();
        return parameter.Quantized is { } quantized ? quantized.Dequantize(dataType) : parameter.Value.to(dataType, copy: true);
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
            parameter.Quantized?.Dispose();
        }
    }

    /// <summary>Takes ownership of the tensor, out of any dispose scope.</summary>
    internal void Add(string name, Tensor tensor)
    {
        parameters.Add(name, new Parameter(name, tensor.DetachFromDisposeScope()));
        names.Add(name);
    }

    /// <summary>Takes ownership of a quantised weight.</summary>
    internal void Add(string name, QuantizedWeight weight)
    {
        parameters.Add(name, new Parameter(name, weight.Codes) { Quantized = weight });
        names.Add(name);
    }

    /// <summary>Takes a weight out, and frees it.</summary>
    internal void Remove(string name)
    {
        if (!parameters.Remove(name, out Parameter? parameter)) return;
        names.Remove(name);
        parameter.ReleaseGradient();
        parameter.Value.Dispose();
    }
}
