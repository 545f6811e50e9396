using System.Globalization;
using System.Text;

namespace LongContext.Evaluation.Reports;

public sealed class ReportTablesTests
{
    [Fact]
    public void ToCsv_SmallReport_IsAsComputedByHand()
    {
        EvaluationReport report = SmallReport.Create();
        Assert.Equal(
            "model,strategy,task,scored,too_long,failed,not_asked,mean,interval_low,interval_high,interval_level,lower_is_better,input_tokens,output_tokens,seconds,cost,deviations,not_made,not_judged,cut_by_length,empty,figure.4096,figure.8192,figure.perplexity\r\n"
            + "a,full,niah,2,0,1,0,0.5,0.25,0.75,0.95,false,20000,7,1.5,0.25,,0,0,0,0,100,0,\r\n"
            + "a,full,ppl,1,0,0,0,8,,,,true,1000,0,2,0.050,,0,0,0,0,,,8\r\n"
            + "b_x,full,niah,1,0,0,0,1,,,,false,3,0,12000,0,,0,0,0,0,100,,\r\n"
            + "b_x,full,ppl,1,0,0,0,2,,,,true,0,0,0,0,,0,0,0,0,,,2.125\r\n",
            report.ToCsv(ReportTable.Summaries));
        Assert.Equal(
            "model,strategy,task,item,status,score,group,length,depth,requests,truncated,input_tokens,output_tokens,seconds,cost,answer,judged,references,fault,prompt_characters,finish_reason,detail.nll\r\n"
            + "a,full,niah,4096-0,Scored,1,,4096,0,0,false,0,0,0,,42,,\"[\"\"42\"\"]\",,,,\r\n"
            + "a,full,niah,8192-1,Scored,0,,8192,1,0,false,0,0,0,,\"'=1+1\",B,\"[\"\"42\"\",\"\"\\\"\"x\\\"\"\"\"]\",,,,\r\n"
            + "a,full,niah,8192-2,Failed,,,8192,0,0,false,0,0,0,,,,,\"HTTP 500\",,,\r\n"
            + "a,full,ppl,w0,Scored,8,,,,0,false,0,0,0,,,,,,,,2.5\r\n"
            + "b_x,full,niah,4096-0,Scored,1,,4096,0,0,false,0,0,0,,42,,,,,,\r\n"
            + "b_x,full,ppl,w0,Scored,2,,,,0,false,0,0,0,,,,,,,,\r\n",
            report.ToCsv());
    }

    [Fact]
    public void Tables_TaskOfAModelThatStopped_SayWhatWasNeverAskedAndWhatDiffers()
    {
        EvaluationReport report = SmallReport.Create();
        report = report with { Tasks = [.. report.Tasks.Select(task => task.Model == "b_x" && task.Task == "niah" ? task with { NotAsked = 3, Deviations = ["1 item", "built-in text"] } : task)] };
        string[][] rows = Parse(report.ToCsv(ReportTable.Summaries));
        Assert.Equal("3", rows[3][Array.IndexOf(rows[0], "not_asked")]);
        Assert.Equal("1 item; built-in text", rows[3][Array.IndexOf(rows[0], "deviations")]);
        // One right of four: what was never asked counts as wrong.
        Assert.Contains("3 not asked, 25.0 of all", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("3 not asked", report.ToHtml(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("=HYPERLINK(\"http://x\")")]
    [InlineData("+1")]
    [InlineData("-1+2")]
    [InlineData("@SUM(1)")]
    [InlineData("\t=1")]
    [InlineData("\r=1")]
    [InlineData("\n=1")]
    [InlineData("＝1")]
    public void ToCsv_Formula_IsText(string answer)
    {
        EvaluationReport report = SmallReport.Create() with { Items = [SmallReport.Item("m", "t", "i", -0.5) with { Answer = answer, Fault = answer, Group = answer }] };
        string[] row = Parse(report.ToCsv())[1];
        Assert.Equal("'" + answer, row[15]);
        Assert.Equal("'" + answer, row[18]);
        Assert.Equal("'" + answer, row[6]);
        // Numbers stay numbers, negative ones too.
        Assert.Equal("-0.5", row[5]);
    }

    [Fact]
    public void ToCsv_HostileTexts_StayInTheirCells()
    {
        EvaluationReport report = DemoReport.Create(repeats: 1);
        string[][] rows = Parse(report.ToCsv());
        Assert.Equal(report.Items.Count + 1, rows.Length);
        Assert.All(rows, row => Assert.Equal(rows[0].Length, row.Length));
        int answer = Array.IndexOf(rows[0], "answer");
        string shown = DemoReport.Hostile.Replace('\0', '\uFFFD').Replace('\u0007', '\uFFFD').Replace('\u202E', '\uFFFD').Replace('\u202C', '\uFFFD').Replace('\uD800', '\uFFFD');
        Assert.Contains(rows, row => row[answer] == "I could not find it. " + shown);
        Assert.Equal(report.Items.Select(item => item.Item), rows.Skip(1).Select(row => row[3]));
        Assert.Equal(report.Items.Select(item => item.Score?.ToString("R", CultureInfo.InvariantCulture) ?? ""), rows.Skip(1).Select(row => row[5]));
    }

    /// <summary>RFC 4180, by the letter.</summary>
    private static string[][] Parse(string csv)
    {
        List<string[]> rows = [];
        List<string> row = [];
        StringBuilder cell = new();
        for (int i = 0; i < csv.Length; i++)
        {
            if (csv[i] == '"')
            {
                for (i++; csv[i] != '"' || (i + 1 < csv.Length && csv[i + 1] == '"'); i++)
                {
                    if (csv[i] == '"') i++;
                    cell.Append(csv[i]);
                }

                continue;
            }

            if (csv[i] == ',' || csv[i] == '\r')
            {
                row.Add(cell.ToString());
                cell.Clear();
                if (csv[i] == ',') continue;
                Assert.Equal('\n', csv[++i]);
                rows.Add([.. row]);
                row.Clear();
                continue;
            }

            Assert.NotEqual('\n', csv[i]);
            cell.Append(csv[i]);
        }

        Assert.Empty(row);
        Assert.Equal(0, cell.Length);
        return [.. rows];
    }

    [Fact]
    public void ToMarkdown_SmallReport_IsAsComputedByHand()
    {
        Assert.Equal(
            """
            # Small \| run

            Run of 2026-01-02 03:04 +02:00.

            Nobody is surely best: no model is better than every other by more than chance allows for.

            b_x against a: 0.0 (−65.3 to +65.3), not sure, over 1 item that both were asked.

            5 items scored; 1 failed.

            - Seed: 7

            ## Models

            | Model | Mean | Of all | Lower is better | Scored | Failed | Tokens in | Tokens out | Time, added up | Cost |
            | :-- | --: | --: | --: | --: | --: | --: | --: | --: | --: |
            | a | 50.0 | 33.3 | 8.000 | 3 | 1 | 21,000 | 7 | 3.5 s | 0.30 USD |
            | b_x | 100.0 | 100.0 | 2.000 | 2 | 0 | 3 | 0 | 3.3 h | 0.00 USD |

            Items that failed or did not fit are not in the mean; “Of all” counts them as 0.

            Best is marked where the difference to every other is sure: on the items that both were asked, failed ones left out, with 95 % confidence, and at least six of them differ.

            ## Tasks

            | Task | Figure | a | b_x |
            | :-- | :-- | --: | --: |
            | niah | mean | 50.0 (25.0 to 75.0), 1 failed, 33.3 of all | 100.0 |
            |  | 4096 | 100 | 100 |
            |  | 8192 | 0 | – |
            | ppl | mean, lower is better | 8.000 | 2.000 |
            |  | perplexity | 8.00 | 2.13 |

            ## Models compared

            Against “a”, on the items that both were asked: means, their difference with its interval of 95 % confidence for paired differences (Agresti and Min 2005 where scores are 0 or 1, else Student's), and items answered better, the same and worse. Items that failed or were not judged are left out; those too long for one of the two count 0, and are left out where lower scores are better. Not sure: the interval holds 0, or there are too few items that differ.

            | Model | Task | Items | Mean | Other's mean | Difference | Interval | Better / same / worse | Verdict |
            | :-- | :-- | --: | --: | --: | --: | --: | --: | --: |
            | b_x | niah | 1 | 100.0 | 100.0 | 0.0 | −65.3 to +65.3 | 0 / 1 / 0 | not sure |
            | b_x | ppl | 1 | 2.000 | 8.000 | \-6.000 | – | 1 / 0 / 0 | not sure |

            ## By length

            Means with their intervals of 95 % confidence.

            ### niah

            | Tokens | a | b_x |
            | :-- | --: | --: |
            | 4K | 100.0 (20.7 to 100.0) | 100.0 (20.7 to 100.0) |
            | 8K | 0.0 (0.0 to 79.3) | – |

            ## Depth × length

            ### niah: a

            | Depth | 4K | 8K |
            | :-- | --: | --: |
            | 0 % | 100 | – |
            | 100 % | – | 0 |

            ### niah: b_x

            | Depth | 4K | 8K |
            | :-- | --: | --: |
            | 0 % | 100 | – |
            | 100 % | – | – |

            ## Not scored

            | What | Task | Item | Model | Why |
            | :-- | :-- | :-- | :-- | :-- |
            | failed | niah | 8192-2 | a | HTTP 500 |


            """.ReplaceLineEndings("\n"),
            SmallReport.Create().ToMarkdown());
    }

    [Theory]
    [InlineData("a|b\n# c", "a\\|b \\# c")]
    [InlineData("<img src=x> & [x](y) `z` *e* ~~s~~", "&lt;img src=x> &amp; \\[x\\](y) \\`z\\` \\*e\\* \\~\\~s\\~\\~")]
    [InlineData("snake_case _em_", "snake_case \\_em\\_")]
    [InlineData("- list", "\\- list")]
    [InlineData("see www.example.org or http://x", "see www\\.example.org or http:\\//x")]
    [InlineData("\0\u202Ex", "\uFFFD\uFFFDx")]
    public void Markdown_Text_MeansWhatItSays(string text, string expected) => Assert.Equal(expected, ReportText.Markdown(text));

    [Fact]
    public void WithoutControls_HalvesOfPairs_AreReplaced()
    {
        Assert.Equal("a\uFFFD\uD83D\uDE00\uFFFDb\uFFFD", ReportText.WithoutControls("a\uDE00\uD83D\uDE00\uD83Db\uD83D"));
        Assert.Equal(4, ReportText.Width("漢字"));
        Assert.Equal("a…", ReportText.Beginning("a\uD83D\uDE00bc", 3));
    }

    [Fact]
    public void ToText_SmallReport_IsAsComputedByHand()
    {
        string text = SmallReport.Create().ToText();
        Assert.Equal(
            """
            Small | run
            Nobody is surely best: no model is better than every other by more than chance allows for.
            b_x against a: 0.0 (−65.3 to +65.3), not sure, over 1 item that both were asked.
            5 items scored; 1 failed.

            model     mean  of all  lower is better  scored  failed  tokens in  tokens out  time, added up      cost
            a       50.0      33.3          8.000         3       1     21,000           7           3.5 s  0.30 USD
            b_x    100.0     100.0          2.000         2       0          3           0           3.3 h  0.00 USD

            task                   model   mean      interval  official figures
            niah                   a       50.0  25.0 to 75.0  4096 100, 8192 0
            niah                   b_x    100.0             –  4096 100, 8192 –
            ppl (lower is better)  a      8.000             –  perplexity 8
            ppl (lower is better)  b_x    2.000             –  perplexity 2.13

            Models compared

            Model  Task  Items   Mean  Other's mean  Difference        Interval  Better / same / worse   Verdict
            b_x    niah      1  100.0         100.0         0.0  −65.3 to +65.3              0 / 1 / 0  not sure
            b_x    ppl       1  2.000         8.000      -6.000               –              1 / 0 / 0  not sure

            1 not scored, among them:
              niah 8192-2 (a): HTTP 500

            """.ReplaceLineEndings("\n"),
            text);
        Assert.Equal(text, SmallReport.Create().ToString());
        // Hostile names do nothing to a console, and no line end gets in.
        EvaluationReport hostile = SmallReport.Create() with { Title = "t\u001b[2J\nx", Tasks = [SmallReport.Create().Tasks[0] with { Model = "m\u001b[31m\n漢字", Task = "\r\nq" }] };
        Assert.DoesNotContain('\u001b', hostile.ToText());
        Assert.DoesNotContain('\r', hostile.ToText());
    }

    [Fact]
    public void AllForms_AnyCulture_AreTheSame()
    {
        EvaluationReport report = DemoReport.Create(repeats: 1);
        string[] Forms() => [report.ToHtml(), report.ToMarkdown(), report.ToCsv(), report.ToCsv(ReportTable.Summaries), report.ToText()];
        string[] before = Forms();
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NumberGroupSeparator = "'", NegativeSign = "~", NaNSymbol = "x", PositiveInfinitySymbol = "y" } };
            Assert.Equal(before, Forms());
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void AllForms_EmptyReport_AreThere()
    {
        EvaluationReport report = new() { Title = "nothing", Began = DateTimeOffset.UnixEpoch, Items = [], Tasks = [] };
        Assert.Contains("nothing", report.ToHtml(), StringComparison.Ordinal);
        Assert.StartsWith("# nothing", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.StartsWith("nothing\n", report.ToText(), StringComparison.Ordinal);
        Assert.Single(Parse(report.ToCsv()));
        Assert.Single(Parse(report.ToCsv(ReportTable.Summaries)));
    }

    [Fact]
    public void ToText_ManyFigures_AreAllThereOrCounted()
    {
        EvaluationReport Of(int count) => SmallReport.Create() with
        {
            Tasks = [SmallReport.Create().Tasks[1] with { Figures = [.. Enumerable.Range(1, count).Select(i => new Tasks.TaskFigure($"perplexity@{i * 128}", i))] }],
        };
        string few = Of(20).ToText();
        Assert.All(Enumerable.Range(1, 20), i => Assert.Contains($"perplexity@{i * 128} {i}", few, StringComparison.Ordinal));
        Assert.DoesNotMatch(@"\+\d+ more", few);
        Assert.All(few.Split('\n').Where(line => line.Contains('@', StringComparison.Ordinal)), line => Assert.InRange(line.Length, 20, 160));
        string many = Of(400).ToText();
        int shown = many.Split("perplexity@").Length - 1;
        Assert.Contains($"+{400 - shown} more\n", many, StringComparison.Ordinal);
        Assert.InRange(shown, 40, 100);
    }

    [Fact]
    public void Tables_AnswersWithoutAnEnd_AreCounted()
    {
        EvaluationReport report = SmallReport.Create();
        report = report with { Tasks = [report.Tasks[0] with { CutByLength = 2, EmptyAnswers = 1, NotJudged = 4, NotMade = 5 }, .. report.Tasks.Skip(1)] };
        foreach (string text in (string[])[report.ToMarkdown(), report.ToHtml(), report.ToText()])
        {
            foreach (string count in (string[])["2 cut by length", "1 empty", "4 not judged", "5 not made"]) Assert.Contains(count, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(0.5, "500 ms")]
    [InlineData(99.9, "99.9 s")]
    [InlineData(100, "1.7 min")]
    [InlineData(36000, "10.0 h")]
    [InlineData(-3, "-3.0 s")]
    public void Time_Seconds_AreReadable(double seconds, string expected) => Assert.Equal(expected, ReportNumbers.Time(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(12.3456, "12.35")]
    [InlineData(0.5, "0.500")]
    [InlineData(0, "0.000")]
    [InlineData(123456, "123,456")]
    [InlineData(1e9, "1E+9")]
    [InlineData(double.PositiveInfinity, "∞")]
    [InlineData(double.NaN, "NaN")]
    public void Figure_Numbers_HaveFourDigits(double value, string expected) => Assert.Equal(expected, ReportNumbers.Figure(value));

    [Fact]
    public void Official_FiguresOfATask_HaveTheSamePlaces()
    {
        static string[] Shown(params double?[] values) => [.. values.Select(value => ReportNumbers.Official(value, ReportNumbers.Places(values)))];
        Assert.Equal(["90.00", "89.47", "–"], Shown(90, 89.47, null));
        Assert.Equal(["90.5", "3.0"], Shown(90.5, 3));
        Assert.Equal(["90", "100"], Shown(90, 100));
        Assert.Equal(["0.00123", "4", "NaN"], Shown(0.00123, 4, double.NaN));
        Assert.Equal(["–"], Shown([null]));
    }
}
