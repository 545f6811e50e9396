using System.Globalization;

namespace LongContext.Chat.Formats;

/// <summary>System blocks that tell the model the date.</summary>
internal static class SystemDates
{
    /// <summary>Llama 3.1 and later: always there, the date before the system prompt.</summary>
    public static string Llama(string? system, DateOnly date) =>
        $"Cutting Knowledge Date: December 2023\nToday Date: {date.ToString("dd MMM yyyy", CultureInfo.InvariantCulture)}\n\n" +
        PythonText.Strip(system ?? "");

    /// <summary>Granite's date, for the system block of conversations that bring none.</summary>
    public static string Granite(ChatRenderOptions options) =>
        options.DateOrToday().ToString("MMMM dd, yyyy", CultureInfo.InvariantCulture);
}
