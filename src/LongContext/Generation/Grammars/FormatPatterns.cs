namespace LongContext.Generation.Grammars;

/// <summary>Formats of JSON schema that are regular, as patterns. 29 February is no date here, as not every year has it.</summary>
internal static class FormatPatterns
{
    private const string Date = @"[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";
    private const string Time = @"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+\-]([01][0-9]|2[0-3]):[0-5][0-9])";
    private const string Byte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private const string Label = "[A-Za-z0-9]([A-Za-z0-9\\-]{0,61}[A-Za-z0-9])?";

    /// <summary>The pattern of a format; null for one that is not held, which then is a remark as JSON schema has it.</summary>
    public static string? Find(string format) => format switch
    {
        "date" => $"^{Date}$",
        "time" => $"^{Time}$",
        "date-time" => $"^{Date}T{Time}$",
        "duration" => "^P([0-9]{1,6}W|[0-9]{1,6}D|[0-9]{1,6}M([0-9]{1,6}D)?|[0-9]{1,6}Y([0-9]{1,6}M([0-9]{1,6}D)?)?|T([0-9]{1,6}S|[0-9]{1,6}M([0-9]{1,6}S)?|[0-9]{1,6}H([0-9]{1,6}M([0-9]{1,6}S)?)?))$",
        "uuid" => "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        "ipv4" => $@"^{Byte}(\.{Byte}){{3}}$",
        "hostname" => $@"^{Label}(\.{Label}){{0,3}}$",
        "email" => $@"^[A-Za-z0-9_]+([.+\-][A-Za-z0-9_]+)*@{Label}(\.{Label}){{1,3}}$",
        _ => null,
    };
}
