using System.Globalization;
using System.Xml.Linq;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Tribunal.Reports;

/// <summary>A value with an interval, for <see cref="Charts.Intervals"/>.</summary>
/// <param name="Label">What it is of.</param>
/// <param name="Value">In [0, 1].</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Chance">What guessing gives.</param>
internal sealed record IntervalRow(string Label, double Value, double Low, double High, double? Chance);

/// <summary>A line with a band.</summary>
/// <param name="Name">In the key.</param>
/// <param name="Points">x, y and the band's ends.</param>
internal sealed record BandLine(string Name, IReadOnlyList<(double X, double Y, double Low, double High)> Points);

/// <summary>A named point.</summary>
/// <param name="Label">Its name.</param>
/// <param name="X">In the plot's unit.</param>
/// <param name="Y">In the plot's unit.</param>
/// <param name="Line">The line it belongs to, from 0.</param>
internal sealed record LabelledPoint(string Label, double X, double Y, int Line);

/// <summary>
/// Plots as inline SVG, drawn by OxyPlot. The drawing's colours are placeholders that become classes, so that the page's style
/// sheet decides on light, dark and print, and its style attributes become plain ones, which a strict policy allows.
/// </summary>
internal static class Charts
{
    // Margins are fixed because the viewer's fonts are wider or narrower than those that OxyPlot measures with.
    private const int Width = 500;
    private const int NarrowWidth = 420;

    private static readonly OxyColor Ink = OxyColor.FromRgb(1, 0, 1);
    private static readonly OxyColor Grid = OxyColor.FromRgb(1, 0, 2);
    private static readonly OxyColor First = OxyColor.FromRgb(1, 0, 3);
    private static readonly OxyColor Second = OxyColor.FromRgb(1, 0, 4);
    private static readonly Dictionary<string, string> Classes = new(StringComparer.Ordinal)
    {
        ["rgb(1,0,1)"] = "ink",
        ["rgb(1,0,2)"] = "grid",
        ["rgb(1,0,3)"] = "first",
        ["rgb(1,0,4)"] = "second",
    };

    /// <summary>Counts in bins; <paramref name="edges"/> is one longer than <paramref name="counts"/>.</summary>
    public static Markup Bars(string label, string xTitle, string yTitle, IReadOnlyList<double> counts, IReadOnlyList<double> edges)
    {
        PlotModel model = Model(xTitle, yTitle);
        model.Axes[1].Minimum = 0;
        model.Axes[1].Maximum = Math.Max(1e-9, counts.DefaultIfEmpty().Max() * 1.08);
        var bars = new RectangleBarSeries { FillColor = First, StrokeColor = Grid, StrokeThickness = 0.5 };
        for (int i = 0; i < counts.Count; i++)
        {
            bars.Items.Add(new RectangleBarItem(edges[i], 0, edges[i + 1], counts[i]));
        }

        model.Series.Add(bars);
        return Draw(model, NarrowWidth, 250, label);
    }

    /// <summary>The key to a plot's two series; text and marks, so that colour alone says nothing.</summary>
    public static Markup Key(string first, string? second, string secondMark = "×") => new(
        $"<p class=\"key\"><span class=\"first\" aria-hidden=\"true\">●</span> {HtmlPage.Escape(first)}"
        + (second is null ? "" : $" <span class=\"second\" aria-hidden=\"true\">{secondMark}</span> {HtmlPage.Escape(second)}") + "</p>");

    /// <summary>Values with intervals, a row each; a cross marks what guessing gives.</summary>
    public static Markup Intervals(string label, IReadOnlyList<IntervalRow> rows)
    {
        var model = new PlotModel { PlotAreaBorderColor = Grid, TextColor = Ink, PlotMargins = new OxyThickness(170, 8, 16, 28) };
        var names = new CategoryAxis
        {
            Position = AxisPosition.Left, StartPosition = 1, EndPosition = 0, TextColor = Ink, TicklineColor = Grid, AxislineColor = Grid, GapWidth = 0.4,
        };
        names.Labels.AddRange(rows.Select(static row => PlainText.Of(row.Label.Length > 22 ? row.Label[..21] + "…" : row.Label)));
        model.Axes.Add(names);
        model.Axes.Add(Linear(AxisPosition.Bottom, null, 0, 1));
        var values = new ScatterSeries { MarkerType = MarkerType.Circle, MarkerSize = 5, MarkerFill = First };
        var chance = new ScatterSeries { MarkerType = MarkerType.Cross, MarkerSize = 5, MarkerStroke = Second, MarkerStrokeThickness = 2 };
        for (int i = 0; i < rows.Count; i++)
        {
            var interval = new LineSeries { Color = First, StrokeThickness = 2 };
            interval.Points.Add(new DataPoint(rows[i].Low, i));
            interval.Points.Add(new DataPoint(rows[i].High, i));
            model.Series.Add(interval);
            values.Points.Add(new ScatterPoint(rows[i].Value, i));
            if (rows[i].Chance is double guess)
            {
                chance.Points.Add(new ScatterPoint(guess, i));
            }
        }

        model.Series.Add(values);
        model.Series.Add(chance);
        return Draw(model, Width, 50 + (26 * rows.Count), label);
    }

    /// <summary>Lines with bands around them, and marks beside them.</summary>
    public static Markup Lines(
        string label, string xTitle, string yTitle, IReadOnlyList<BandLine> lines, bool logarithmic, IReadOnlyList<LabelledPoint>? marks = null)
    {
        PlotModel model = Model(xTitle, yTitle);
        if (logarithmic)
        {
            double right = lines.SelectMany(static l => l.Points).Max(static p => p.X);
            model.Axes[0] = new LogarithmicAxis
            {
                Position = AxisPosition.Bottom, Base = 2, Title = xTitle, Minimum = 0.9, Maximum = Math.Max(right, 2) * 1.1, TextColor = Ink, TitleColor = Ink,
                TicklineColor = Grid, MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = Grid, UseSuperExponentialFormat = false, MinorTickSize = 0, AxisTitleDistance = 12,
            };
        }

        for (int i = 0; i < lines.Count; i++)
        {
            OxyColor color = i == 0 ? First : Second;
            var band = new AreaSeries { Color = OxyColors.Transparent, Color2 = OxyColors.Transparent, Fill = OxyColor.FromAColor(50, color), StrokeThickness = 0 };
            var line = new LineSeries { Color = color, StrokeThickness = 2, MarkerType = i == 0 ? MarkerType.Circle : MarkerType.Square, MarkerSize = 4, MarkerFill = color };
            foreach ((double x, double y, double low, double high) in lines[i].Points)
            {
                band.Points.Add(new DataPoint(x, low));
                band.Points2.Add(new DataPoint(x, high));
                line.Points.Add(new DataPoint(x, y));
            }

            model.Series.Add(band);
            model.Series.Add(line);
        }

        int before = -1;
        foreach (LabelledPoint mark in marks ?? [])
        {
            // Names keep out of each other's way: above or below by line, and a line's first one to the left.
            model.Annotations.Add(new PointAnnotation
            {
                X = mark.X, Y = mark.Y, Shape = MarkerType.Diamond, Size = 6, Fill = mark.Line == 0 ? First : Second, StrokeThickness = 0,
                Text = PlainText.Of(mark.Label), TextColor = Ink,
                TextVerticalAlignment = mark.Line == 0 && lines.Count > 1 ? VerticalAlignment.Top : VerticalAlignment.Bottom,
                TextHorizontalAlignment = mark.Line == before ? HorizontalAlignment.Center : HorizontalAlignment.Right,
            });
            before = mark.Line;
        }

        return Draw(model, Width, 320, label);
    }

    /// <summary>Accuracy against confidence, with the diagonal of perfect calibration; crosses show confidences after scaling.</summary>
    public static Markup Reliability(string label, IReadOnlyList<(double X, double Y, double Low, double High)> points, IReadOnlyList<(double X, double Y)> scaled)
    {
        PlotModel model = Model("mean confidence", "accuracy");
        (model.Axes[0].Minimum, model.Axes[0].Maximum, model.Axes[1].Minimum, model.Axes[1].Maximum) = (0, 1, 0, 1);
        var diagonal = new LineSeries { Color = Second, StrokeThickness = 1.5, LineStyle = LineStyle.Dash };
        diagonal.Points.Add(new DataPoint(0, 0));
        diagonal.Points.Add(new DataPoint(1, 1));
        model.Series.Add(diagonal);
        var line = new LineSeries { Color = First, StrokeThickness = 2, MarkerType = MarkerType.Circle, MarkerSize = 4, MarkerFill = First };
        foreach ((double x, double y, double low, double high) in points)
        {
            var interval = new LineSeries { Color = First, StrokeThickness = 1 };
            interval.Points.Add(new DataPoint(x, low));
            interval.Points.Add(new DataPoint(x, high));
            model.Series.Add(interval);
            line.Points.Add(new DataPoint(x, y));
        }

        model.Series.Add(line);
        var crosses = new LineSeries { Color = OxyColors.Transparent, MarkerType = MarkerType.Cross, MarkerSize = 5, MarkerStroke = Second, MarkerStrokeThickness = 2 };
        crosses.Points.AddRange(scaled.Select(static point => new DataPoint(point.X, point.Y)));
        model.Series.Add(crosses);
        return Draw(model, Width, 380, label);
    }

    private static PlotModel Model(string xTitle, string yTitle)
    {
        var model = new PlotModel { PlotAreaBorderColor = Grid, TextColor = Ink, PlotMargins = new OxyThickness(72, 10, 16, 52) };
        model.Axes.Add(Linear(AxisPosition.Bottom, xTitle));
        model.Axes.Add(Linear(AxisPosition.Left, yTitle));
        return model;
    }

    private static LinearAxis Linear(AxisPosition position, string? title, double minimum = double.NaN, double maximum = double.NaN) => new()
    {
        Position = position,
        Title = title,
        Minimum = minimum,
        Maximum = maximum,
        TextColor = Ink,
        TitleColor = Ink,
        TicklineColor = Grid,
        AxislineColor = Grid,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = Grid,
        MinorTickSize = 0,
        AxisTitleDistance = position == AxisPosition.Left ? 22 : 12,
    };

    private static Markup Draw(PlotModel model, int width, int height, string label)
    {
        model.Background = OxyColors.Undefined;
        using var stream = new MemoryStream();
        new SvgExporter { Width = width, Height = height, UseVerticalTextAlignmentWorkaround = true }.Export(model, stream);
        stream.Position = 0;
        XElement root = XDocument.Load(stream).Root!;
        var svg = new XElement("svg",
            new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width} {height}")),
            new XAttribute("role", "img"),
            new XAttribute("aria-label", PlainText.Of(label)));
        svg.Add(root.Elements().Where(static e => e.Name.LocalName is not ("title" or "desc")).Select(static e => Plain(e)));
        return new Markup(svg.ToString(SaveOptions.DisableFormatting));
    }

    // Clip paths are dropped with their identifiers, which would collide between the plots of a page: nothing here is drawn outside its axes.
    private static XElement? Plain(XElement element)
    {
        if (element.Name.LocalName is "clipPath" or "defs")
        {
            return null;
        }

        var plain = new XElement(element.Name.LocalName);
        List<string> classes = [];
        foreach (XAttribute attribute in element.Attributes())
        {
            if (attribute.Name.LocalName == "style")
            {
                foreach (string declaration in attribute.Value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                {
                    string[] parts = declaration.Split(':', 2, StringSplitOptions.TrimEntries);
                    Set(parts[0], parts[1]);
                }
            }
            else if (attribute.Name.LocalName is not ("clip-path" or "font-family" or "xmlns") && !attribute.IsNamespaceDeclaration)
            {
                Set(attribute.Name.LocalName, attribute.Value);
            }
        }

        if (classes.Count > 0)
        {
            plain.SetAttributeValue("class", string.Join(' ', classes));
        }

        foreach (XNode node in element.Nodes())
        {
            plain.Add(node is XElement child ? Plain(child) : node is XText text ? new XText(text.Value) : null);
        }

        return plain;

        void Set(string name, string value)
        {
            if (name is "fill" or "stroke" && Classes.TryGetValue(value, out string? color))
            {
                classes.Add($"{name}-{color}");
            }
            else
            {
                plain.SetAttributeValue(name, value);
            }
        }
    }
}
