using System.Globalization;

namespace LongContext.Evaluation.Tasks;

/// <summary>Names of items that came without one.</summary>
internal static class ItemIds
{
    /// <summary>The number with a sign before it, so that it is never the id of another item that is a number.</summary>
    /// <param name="number">Which item it is, from 1.</param>
    public static string OfNumber(int number) => "#" + number.ToString(CultureInfo.InvariantCulture);
}
