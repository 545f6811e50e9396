using System.Globalization;
using LongContext.Data.Reports;

namespace LongContext.Evaluation.Reports;

/// <summary>Writes HTML from interpolated text in which everything put in is escaped, so that no place can forget it.</summary>
internal sealed class HtmlText(TextWriter writer) : IFormatProvider, ICustomFormatter
{
    public void Write(FormattableString html) => writer.Write(html.ToString(this));

    /// <summary>What is HTML already.</summary>
    public void Raw(string html) => writer.Write(html);

    object? IFormatProvider.GetFormat(Type? formatType) => formatType == typeof(ICustomFormatter) ? this : null;

    string ICustomFormatter.Format(string? format, object? arg, IFormatProvider? formatProvider) => arg switch
    {
        null => "",
        HtmlMarkup markup => markup.Html,
        IFormattable number => ReportPage.Escape(number.ToString(format, CultureInfo.InvariantCulture)),
        _ => ReportPage.Escape(arg.ToString() ?? ""),
    };
}
