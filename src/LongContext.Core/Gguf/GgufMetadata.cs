using System.Collections;
using System.Diagnostics.CodeAnalysis;
using LongContext.Checkpoints;

namespace LongContext.Gguf;

/// <summary>
/// The metadata of a GGUF file, in order. A value is a number of .NET from <see cref="byte"/> to <see cref="ulong"/>, a
/// <see cref="float"/>, <see cref="double"/>, <see cref="bool"/> or <see cref="string"/>, or an array of one of these; its type is the
/// type in the file. What a file has besides, arrays of arrays and keys of another form than <see cref="Set"/> takes, is passed over when it is read.
/// </summary>
public sealed class GgufMetadata : IReadOnlyDictionary<string, object>
{
    /// <summary>The key of the alignment of tensors, in bytes.</summary>
    internal const string AlignmentKey = "general.alignment";

    private const int LongestKey = 65_535;

    private readonly OrderedDictionary<string, object> values = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public int Count => values.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => values.Keys;

    /// <inheritdoc/>
    public IEnumerable<object> Values => values.Values;

    /// <inheritdoc/>
    public object this[string key] => values[key];

    /// <summary>Sets a value, in the place of an older one or at the end.</summary>
    /// <param name="key">Dotted words such as "general.name": 1 to 65,535 characters of ASCII without spaces.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The key is not of that form, or the format has no type for the value.</exception>
    public void Set(string key, object value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        if (!IsKey(key))
            throw new ArgumentException(
                $"The key '{key[..Math.Min(key.Length, 80)]}' is not 1 to {LongestKey} characters of ASCII without spaces.",
                nameof(key));
        Type type = value.GetType();
        Type element = type.IsSZArray ? type.GetElementType()! : type;
        if (GgufValueTypes.FromClrType(element) is null)
            throw new ArgumentException($"Key '{key}': GGUF has no type for {type.Name}.", nameof(value));
        if (value is string?[] texts && texts.Contains(null)) throw new ArgumentException($"Key '{key}': the array holds a null.", nameof(value));
        values[key] = value;
    }

    /// <summary>Whether a key has the form that <see cref="Set"/> takes.</summary>
    internal static bool IsKey(string key) => key.Length is > 0 and <= LongestKey && !key.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>A value of a type.</summary>
    /// <typeparam name="T">The type that the file says, for example <see cref="uint"/> or an array of <see cref="string"/>.</typeparam>
    /// <param name="key">Its key.</param>
    /// <exception cref="CheckpointFormatException">There is no such key, or its value is of another type.</exception>
    public T Get<T>(string key) => values.TryGetValue(key, out object? value)
        ? value is T typed
            ? typed
            : throw new CheckpointFormatException($"GGUF metadata: '{key}' is a {value.GetType().Name}, expected a {typeof(T).Name}.")
        : throw new CheckpointFormatException($"GGUF metadata: there is no '{key}'.");

    /// <inheritdoc/>
    public bool ContainsKey(string key) => values.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object value) => values.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => values.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
