using System.Text.Json;

namespace LongContext.Chat;

/// <summary>What is asked of the names and the JSON of tools and calls.</summary>
internal static class ToolJson
{
    /// <summary>How deep objects and arrays may lie in each other: .NET's and OpenAI's readers go no deeper either.</summary>
    public const int MaximumDepth = 64;

    public const int MaximumNameLength = 64;

    public static bool IsName(ReadOnlySpan<char> name) => name.Length is >= 1 and <= MaximumNameLength && !name.ContainsAnyExcept(NameCharacters);

    public static string RequireName(string name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        return IsName(name) ? name : throw new ArgumentException(
            $"A function is named \"{name}\", expected 1 to {MaximumNameLength} of the characters A-Z, a-z, 0-9, '_', '.' and '-'.", parameter);
    }

    public static JsonElement RequireObject(JsonElement value, string what, string parameter)
    {
        if (value.ValueKind != JsonValueKind.Object) throw new ArgumentException($"{what} are {value.ValueKind}, expected an object.", parameter);
        return Fault(value, MaximumDepth) is { } fault ? throw new ArgumentException($"{what} {fault}.", parameter) : value.Clone();
    }

    /// <summary>Why a value cannot be written again as it was read, or null.</summary>
    /// <param name="value">The value.</param>
    /// <param name="depth">How deep it may be nested.</param>
    public static string? Fault(JsonElement value, int depth)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return Text(value.GetString) is null ? "have half a surrogate pair in a string" : null;
            case JsonValueKind.Object or JsonValueKind.Array when depth == 0:
                return $"are nested deeper than {MaximumDepth}";
            case JsonValueKind.Array:
                return value.EnumerateArray().Select(item => Fault(item, depth - 1)).FirstOrDefault(fault => fault is not null);
            case JsonValueKind.Object:
                HashSet<string> names = new(StringComparer.Ordinal);
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    if (Text(() => property.Name) is not { } name) return "have half a surrogate pair in a key";
                    if (!names.Add(name)) return $"have the key \"{name}\" twice";
                    if (Fault(property.Value, depth - 1) is { } fault) return fault;
                }

                return null;
            default:
                return null;
        }
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    /// <summary>A string or a key; null where it is not valid UTF-16, which .NET says by an exception only.</summary>
    private static string? Text(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
