namespace LongContext.Data;

/// <summary>
/// Where a stream of data stands: numbers, texts, arrays of numbers and the states of the streams below it, each under a name.
/// A stream that takes its state back gives what it would have given next.
/// </summary>
/// <remarks>
/// Arrays may be large (the tokens of sequences that a packer has read but not handed out) and are fetched only when they are looked
/// at or written, so taking a state is cheap. <see cref="Save"/> writes one safetensors file, <see cref="Load"/> reads and checks it.
/// Filled by one thread, it may be read by another.
/// </remarks>
public sealed partial class StreamState
{
    private readonly SortedDictionary<string, object> values = new(StringComparer.Ordinal);

    /// <summary>An empty state.</summary>
    /// <param name="kind">Which kind of stream it is of, for example "mixture"; <see cref="RequireKind"/> asks for it.</param>
    /// <exception cref="ArgumentException">The kind is empty.</exception>
    public StreamState(string kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        Kind = kind;
    }

    /// <summary>The kind of stream it is of.</summary>
    public string Kind { get; }

    /// <summary>Adds a number.</summary>
    /// <param name="name">Its name, not in use yet: letters, digits, hyphens and underscores.</param>
    /// <param name="value">The number.</param>
    /// <returns>This state.</returns>
    /// <exception cref="ArgumentException">The name is in use or has other characters.</exception>
    public StreamState Set(string name, long value) => Add(name, value);

    /// <summary>Adds a text.</summary>
    /// <param name="name">Its name, not in use yet: letters, digits, hyphens and underscores.</param>
    /// <param name="value">The text.</param>
    /// <returns>This state.</returns>
    /// <exception cref="ArgumentException">The name is in use or has other characters.</exception>
    public StreamState Set(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Add(name, value);
    }

    /// <summary>Adds the state of another stream, on which this one stands.</summary>
    /// <param name="name">Its name, not in use yet: letters, digits, hyphens and underscores.</param>
    /// <param name="value">The other stream's state.</param>
    /// <returns>This state.</returns>
    /// <exception cref="ArgumentException">The name is in use or has other characters.</exception>
    public StreamState Set(string name, StreamState value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Add(name, value);
    }

    /// <summary>Adds an array, in parts that are copied nowhere.</summary>
    /// <param name="name">Its name, not in use yet: letters, digits, hyphens and underscores.</param>
    /// <param name="parts">Gives the array's parts; called at most once, perhaps later and on another thread, so what it gives must not change any more.</param>
    /// <returns>This state.</returns>
    /// <exception cref="ArgumentException">The name is in use or has other characters.</exception>
    public StreamState SetArray(string name, Func<IReadOnlyList<ReadOnlyMemory<int>>> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return Add(name, new StreamStateArray(parts));
    }

    /// <summary>A number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="minimum">The least it may be.</param>
    /// <param name="maximum">The most it may be.</param>
    /// <exception cref="DataFormatException">There is none of that name, or it is out of range.</exception>
    public long GetNumber(string name, long minimum = long.MinValue, long maximum = long.MaxValue)
    {
        long value = Get<long>(name, "a number");
        return value >= minimum && value <= maximum ? value
            : throw Fault($"'{name}' is {value}, expected {minimum} to {maximum}");
    }

    /// <summary>A text.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="DataFormatException">There is none of that name.</exception>
    public string GetText(string name) => Get<string>(name, "a text");

    /// <summary>The state of a stream on which this one stands.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="DataFormatException">There is none of that name.</exception>
    public StreamState GetState(string name) => Get<StreamState>(name, "a state");

    /// <summary>An array.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="DataFormatException">There is none of that name.</exception>
    public ReadOnlyMemory<int> GetArray(string name) => Get<StreamStateArray>(name, "an array").Joined();

    /// <summary>Refuses the state of another kind of stream.</summary>
    /// <param name="kind">The kind that is asked for.</param>
    /// <exception cref="ArgumentException">It is of another kind.</exception>
    public void RequireKind(string kind)
    {
        if (Kind != kind) throw new ArgumentException($"The state is of a stream of the kind '{Kind}', but this one is '{kind}': it would go on with other data.");
    }

    /// <summary>Whether there is anything of that name.</summary>
    internal bool Has(string name) => values.ContainsKey(name);

    internal DataFormatException Fault(string fault) => new($"The state of a stream of the kind '{Kind}' is damaged: {fault}.");

    private T Get<T>(string name, string what)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!values.TryGetValue(name, out object? value)) throw Fault($"'{name}' is missing");
        return value is T typed ? typed : throw Fault($"'{name}' is not {what}");
    }

    private StreamState Add(string name, object value)
    {
        if (string.IsNullOrEmpty(name) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw new ArgumentException($"'{name}' cannot be a name in a stream's state: expected letters, digits, hyphens and underscores.", nameof(name));
        if (!values.TryAdd(name, value)) throw new ArgumentException($"'{name}' is in the state already.", nameof(name));
        return this;
    }
}
