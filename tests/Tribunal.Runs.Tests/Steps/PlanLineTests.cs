using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.Steps;

public sealed class PlanLineTests
{
    private static readonly Gen<int[]> Indexes = Gen.Int[0, 2000].Array[0, 6];

    [Fact]
    public void Lines_are_those_that_the_serialiser_writes() =>
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue], Indexes, Indexes.Null(0.3)).Sample((rollout, sample, order, pair) =>
        {
            var buffer = new ArrayBufferWriter<byte>();
            PlanLine.Write(buffer, rollout, new Draw(sample, order, pair));
            PlanLine.Write(buffer, rollout, new Draw(sample, order.ToList(), pair?.ToList()));
            string line = JsonSerializer.Serialize(new PlannedDraw(rollout, sample, order, pair), RunsJson.Default.PlannedDraw);
            Assert.Equal($"{line}\n{line}\n", Encoding.UTF8.GetString(buffer.WrittenSpan));
        });

    [Fact]
    public void Lines_that_the_serialiser_writes_are_read() =>
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, int.MaxValue], Indexes, Indexes.Null(0.3), Gen.Int[0, 9].Nullable(), Gen.OneOf("math", "a \"b\"").Null(0.3)).Sample((rollout, sample, order, pair, hint, route) =>
        {
            string line = JsonSerializer.Serialize(new PlannedDraw(rollout, sample, order, pair, hint, route), RunsJson.Default.PlannedDraw);
            PlannedDraw read = PlanLine.Read(Encoding.UTF8.GetBytes(line));
            PlannedDraw again = PlanLine.Read(Encoding.UTF8.GetBytes(line), read);
            Assert.Equal(line, JsonSerializer.Serialize(read, RunsJson.Default.PlannedDraw));
            Assert.Equal(line, JsonSerializer.Serialize(again, RunsJson.Default.PlannedDraw));
        });
}
