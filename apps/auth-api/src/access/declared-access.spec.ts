import { Controller, Get } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { OpenToEveryone } from './access.decorator.js';
import { DeclaredAccessCheck } from './declared-access.js';

@Controller('declared')
class Declared {
  @Get()
  @OpenToEveryone()
  read() {
    return {};
  }

  notARoute() {
    return {};
  }
}

@Controller('forgotten')
class Forgotten {
  @Get()
  read() {
    return {};
  }
}

const start = async (...controllers: (new () => unknown)[]) => {
  const module = Test.createTestingModule({
    imports: [DiscoveryModule],
    controllers,
    providers: [DeclaredAccessCheck],
  });
  return (await module.compile()).init();
};

describe('a route', () => {
  it('may be served when it says who may call it', async () => expect(await start(Declared)).toBeTruthy());

  it('keeps the program from starting when it does not (SEC-138)', async () =>
    expect(start(Declared, Forgotten)).rejects.toThrow('Forgotten.read does not declare who may call it'));
});
