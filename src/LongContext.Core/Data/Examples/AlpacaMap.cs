using LongContext.Chat;
using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.Instruction"/>.</summary>
internal sealed class AlpacaMap : ColumnMap
{
    private readonly AlpacaColumns columns;

    public AlpacaMap(AlpacaColumns columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        SettingsFaults.Throw(nameof(AlpacaColumns), columns.FaultsOfSettings(), nameof(columns));
        this.columns = columns;
    }

    public override string Name => columns.Name;

    public override string Identity => MapIdentity.Of(columns.Name, columns.Settings());

    public override TrainingExample Map(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        string instruction = RecordFields.RequireText(record.Fields, columns.Instruction);
        string input = RecordFields.OptionalText(record.Fields, columns.Input);
        string output = RecordFields.RequireText(record.Fields, columns.Output);
        // Only an input that is really empty makes the short prompt, as in Alpaca's program: it compares with "".
        bool hasInput = input.Length > 0;
        if (columns.AsChat)
        {
            string asked = hasInput ? $"{instruction}\n\n{input}" : instruction;
            return new ChatExample([ChatTurn.User(asked), ChatTurn.Assistant(output)]) { Origin = record.Origin };
        }

        string prompt = Fill(hasInput ? columns.PromptWithInput : columns.PromptWithoutInput, instruction, input);
        return new PromptExample(prompt, output) { Origin = record.Origin };
    }

    /// <summary>Both marks in one go, so that a mark within the instruction stays what it is.</summary>
    private static string Fill(string prompt, string instruction, string input)
    {
        int first = prompt.IndexOf(AlpacaColumns.InstructionMark, StringComparison.Ordinal), second = prompt.IndexOf(AlpacaColumns.InputMark, StringComparison.Ordinal);
        (int At, int Length, string Text) a = (first, AlpacaColumns.InstructionMark.Length, instruction), b = (second, AlpacaColumns.InputMark.Length, input);
        if (second < 0) return string.Concat(prompt.AsSpan(0, a.At), a.Text, prompt.AsSpan(a.At + a.Length));
        if (b.At < a.At) (a, b) = (b, a);
        return string.Concat([prompt[..a.At], a.Text, prompt[(a.At + a.Length)..b.At], b.Text, prompt[(b.At + b.Length)..]]);
    }
}
