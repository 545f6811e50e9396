using System.Collections;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>Values of chat options' additional properties, as programs and as JSON bring them; each fault names the key, what was found and what was expected.</summary>
internal readonly struct ChatOptionValues(AdditionalPropertiesDictionary? properties)
{
    public bool? Flag(string key) => Find(key) switch
    {
        null => null,
        bool flag => flag,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        object other => throw Wrong(key, other, "true or false"),
    };

    public int? Whole(string key, int least, int most, string expected)
    {
        if (Find(key) is not { } value) return null;
        return AsWhole(value) is { } number && number >= least && number <= most ? (int)number : throw Wrong(key, value, expected);
    }

    public double? Number(string key, Func<double, bool> fits, string expected)
    {
        if (Find(key) is not { } value) return null;
        return AsNumber(value) is { } number && fits(number) ? number : throw Wrong(key, value, expected);
    }

    public string? Text(string key)
    {
        if (Find(key) is not { } value) return null;
        return AsText(value) is { Length: > 0 } text ? text : throw Wrong(key, value, "a text that is not empty");
    }

    public IReadOnlyList<string> Texts(string key)
    {
        const string expected = "a list of texts, none empty";
        if (Find(key) is not { } value) return [];
        List<string> texts = [];
        foreach (object? item in Items(value) ?? throw Wrong(key, value, expected)) texts.Add(AsText(item) is { Length: > 0 } text ? text : throw Wrong(key, item, expected));
        return texts;
    }

    /// <param name="key">The key.</param>
    /// <param name="vocabularySize">Tokens of the model.</param>
    public IReadOnlyList<int> TokenIds(string key, int vocabularySize) => OptionalTokenIds(key, vocabularySize) ?? [];

    /// <inheritdoc cref="TokenIds"/>
    /// <returns>Null where there is no such key.</returns>
    public IReadOnlyList<int>? OptionalTokenIds(string key, int vocabularySize)
    {
        string expected = $"a list of token ids, 0 to {vocabularySize - 1}";
        if (Find(key) is not { } value) return null;
        // A prompt may have a million of them.
        if (value is int[] known && Array.TrueForAll(known, id => id >= 0 && id < vocabularySize)) return known;
        List<int> ids = [];
        foreach (object? item in Items(value) ?? throw Wrong(key, value, expected))
            ids.Add(AsWhole(item) is { } id && id >= 0 && id < vocabularySize ? (int)id : throw Wrong(key, item, expected));
        return ids;
    }

    /// <param name="key">The key.</param>
    /// <param name="vocabularySize">Tokens of the model.</param>
    public IReadOnlyDictionary<int, double>? Biases(string key, int vocabularySize)
    {
        string expected = $"numbers by token ids, 0 to {vocabularySize - 1}";
        if (Find(key) is not { } value) return null;
        IEnumerable<(object? Id, object? Bias)> given = value switch
        {
            IReadOnlyDictionary<int, double> known => known.Select(pair => ((object?)pair.Key, (object?)pair.Value)),
            IDictionary any => Entries(any),
            JsonElement { ValueKind: JsonValueKind.Object } json => json.EnumerateObject().Select(pair => ((object?)pair.Name, (object?)pair.Value)),
            _ => throw Wrong(key, value, expected),
        };
        var biases = new Dictionary<int, double>();
        foreach ((object? id, object? bias) in given)
        {
            long? token = id is string name ? long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long read) ? read : null : AsWhole(id);
            if (token is null || token < 0 || token >= vocabularySize) throw Wrong(key, id, expected);
            double number = AsNumber(bias) is { } found && (Math.Abs(found) <= float.MaxValue || double.IsNegativeInfinity(found)) ? found
                : throw Wrong($"{key}\"][\"{token}", bias, "a finite number, or −∞");
            if (!biases.TryAdd((int)token, number)) throw Wrong(key, id, "each token once");
        }

        return biases;
    }

    public T? Instance<T>(string key)
        where T : class => Find(key) switch
    {
        null => null,
        T own => own,
        object other => throw Wrong(key, other, $"a {typeof(T).Name}"),
    };

    /// <summary>A value of an enumeration, by itself or by its name.</summary>
    public T? Named<T>(string key)
        where T : struct, Enum => Find(key) switch
    {
        null => null,
        T own when Enum.IsDefined(own) => own,
        { } other => AsText(other) is { } name && Array.Find(Enum.GetNames<T>(), each => each.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } known ? Enum.Parse<T>(known)
            : throw Wrong(key, other, string.Join(" or ", Enum.GetNames<T>().Select(each => each.ToLowerInvariant()))),
    };

    private object? Find(string key) =>
        properties is not null && properties.TryGetValue(key, out object? value) && value is not JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } ? value : null;

    private static List<(object? Id, object? Bias)> Entries(IDictionary dictionary)
    {
        List<(object? Id, object? Bias)> entries = [];
        foreach (DictionaryEntry entry in dictionary) entries.Add((entry.Key, entry.Value));
        return entries;
    }

    private static IEnumerable<object?>? Items(object value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Array } json => json.EnumerateArray().Select(item => (object?)item),
        string or IDictionary => null,
        IEnumerable items => items.Cast<object?>(),
        _ => null,
    };

    private static long? AsWhole(object? value) => value switch
    {
        int number => number,
        long number => number,
        short number => number,
        byte number => number,
        uint number => number,
        JsonElement { ValueKind: JsonValueKind.Number } json when json.TryGetInt64(out long number) => number,
        _ => null,
    };

    private static double? AsNumber(object? value) => value switch
    {
        double number => number,
        // 0.7 as the number that was meant, not as the nearest float.
        float number => float.IsFinite(number) && Math.Abs(number) < 1e6f ? (double)(decimal)number : number,
        decimal number => (double)number,
        JsonElement { ValueKind: JsonValueKind.Number } json when json.TryGetDouble(out double number) => number,
        _ => AsWhole(value),
    };

    private static string? AsText(object? value)
    {
        try
        {
            return value switch
            {
                string text => text,
                JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // Bytes that are no UTF-8, or half a character.
            return null;
        }
    }

    private static ArgumentException Wrong(string key, object? found, string expected)
    {
        string shown = found switch
        {
            null => "null",
            "" => "empty",
            JsonElement json => json.GetRawText(),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => found.ToString() ?? "",
        };
        if (shown.Length > 100) shown = shown[..(char.IsHighSurrogate(shown[99]) ? 99 : 100)] + "…";
        return new ArgumentException($"ChatOptions.AdditionalProperties[\"{key}\"] is {shown}, expected {expected}.");
    }
}
