namespace LongContext.Benchmarks.Baselines;

/// <summary>ROUGE-L as rouge_score has it: a table of all cells.</summary>
internal static class PlainRouge
{
    public static double SubsequenceF1(string prediction, string reference)
    {
        string[] said = prediction.Split(' '), wanted = reference.Split(' ');
        var cells = new int[wanted.Length + 1][];
        cells[0] = new int[said.Length + 1];
        for (int i = 1; i <= wanted.Length; i++)
        {
            cells[i] = new int[said.Length + 1];
            for (int j = 1; j <= said.Length; j++)
                cells[i][j] = wanted[i - 1] == said[j - 1] ? cells[i - 1][j - 1] + 1 : Math.Max(cells[i - 1][j], cells[i][j - 1]);
        }

        return 2.0 * cells[^1][^1] / (said.Length + wanted.Length);
    }
}
