using System.Collections;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Data.Making;

/// <summary>A maker's settings as one short text, which a stream's state keeps: other settings would make other items.</summary>
internal static class Settings
{
    /// <summary>The maker's name and a fingerprint of all values, lists by what they hold.</summary>
    public static string Text(string maker, int seed, params ReadOnlySpan<object?> values)
    {
        StringBuilder text = new();
        foreach (object? value in values) Append(text, value);
        string hash = Convert.ToHexStringLower(XxHash64.Hash(MemoryMarshal.AsBytes(text.ToString().AsSpan())));
        return FormattableString.Invariant($"{maker}, seed {seed}, settings {hash}");
    }

    private static void Append(StringBuilder text, object? value)
    {
        if (value is IEnumerable list and not string)
        {
            text.Append('[');
            foreach (object? item in list) Append(text, item);
            text.Append(']');
            return;
        }

        string part = value is IFormattable formattable ? formattable.ToString(null, CultureInfo.InvariantCulture) : value?.ToString() ?? "null";
        text.Append(part.Length).Append(':').Append(part);
    }
}
