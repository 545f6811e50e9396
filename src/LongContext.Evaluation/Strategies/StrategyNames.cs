using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace LongContext.Evaluation.Strategies;

/// <summary>Parts of names and identities.</summary>
internal static class StrategyNames
{
    /// <summary>The budget where it says something.</summary>
    public static string Suffix(ContextBudget budget) => budget == ContextBudget.Window ? string.Empty : $" {budget}";

    /// <summary>Stands for a text in an identity.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(XxHash128.Hash(MemoryMarshal.AsBytes(text.AsSpan())));

    /// <summary>A text in quotation marks, so that no two lists of values look the same.</summary>
    public static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
