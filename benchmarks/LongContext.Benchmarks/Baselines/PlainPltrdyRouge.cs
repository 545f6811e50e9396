namespace LongContext.Benchmarks.Baselines;

/// <summary>ROUGE-L as pltrdy's package has it: a table of all cells for each pair of sentences, then the way back.</summary>
internal static class PlainPltrdyRouge
{
    public static double SubsequenceF1(string prediction, string reference)
    {
        string[][] said = Sentences(prediction), wanted = Sentences(reference);
        HashSet<string> united = new(StringComparer.Ordinal);
        foreach (string[] sentence in wanted)
        {
            foreach (string[] other in said) Unite(sentence, other, united);
        }

        double recall = (double)united.Count / wanted.SelectMany(words => words).Distinct().Count(), precision = (double)united.Count / said.SelectMany(words => words).Distinct().Count();
        return 2 * (precision * recall / (precision + recall + 1e-8));
    }

    private static string[][] Sentences(string text) =>
        [.. text.Split('.', StringSplitOptions.RemoveEmptyEntries).Select(piece => piece.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private static void Unite(string[] rows, string[] columns, HashSet<string> united)
    {
        var cells = new int[rows.Length + 1][];
        cells[0] = new int[columns.Length + 1];
        for (int i = 1; i <= rows.Length; i++)
        {
            cells[i] = new int[columns.Length + 1];
            for (int j = 1; j <= columns.Length; j++)
                cells[i][j] = rows[i - 1] == columns[j - 1] ? cells[i - 1][j - 1] + 1 : Math.Max(cells[i - 1][j], cells[i][j - 1]);
        }

        for ((int i, int j) = (rows.Length, columns.Length); i > 0 && j > 0;)
        {
            if (rows[i - 1] == columns[j - 1])
            {
                united.Add(rows[--i]);
                j--;
            }
            else if (cells[i - 1][j] > cells[i][j - 1])
            {
                i--;
            }
            else
            {
                j--;
            }
        }
    }
}
